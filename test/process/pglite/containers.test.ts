import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { client } from '../../support/gateway.ts'
import { startProcess } from '../../support/process.ts'
import { test as base } from '../../support/program.ts'

/** A container has process ids of its own. Only a privileged user can make such a namespace; elsewhere the test is left out. */
const namespace = ['--pid', '--fork', '--kill-child', '--mount-proc']
const cannotSeparate = spawnSync('unshare', [...namespace, 'true']).status !== 0

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('environment', async ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'gateway-containers-'))
    onCleanup(() => rmSync(directory, { recursive: true, force: true }))
    return { DATA_DIR: directory, DEMO_API_KEY: 'demo-key', DEMO_TRAFFIC: '0', PORT: '0' }
  })
  .extend('startElsewhere', async ({ environment }, { onCleanup }) => {
    const started: ChildProcess[] = []
    onCleanup(async () => {
      for (const child of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }
    })
    return () => {
      const child = spawn('unshare', [...namespace, process.execPath, 'src/main.ts'], {
        env: { PATH: process.env.PATH ?? '', ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      started.push(child)
      return child
    }
  })

/** What a gateway says, until it is ready or has ended. */
async function linesOf(child: ChildProcess): Promise<string[]> {
  const lines: string[] = []
  for await (const text of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    const { msg } = JSON.parse(text) as { msg: string }
    lines.push(msg)
    if (msg === 'ready') break
  }
  return lines
}

test.skipIf(cannotSeparate)(
  'a container is kept from the directory of another one, and takes it over when that is gone',
  async ({ start, environment, startElsewhere }) => {
    const running = await startProcess(start, environment)
    const refused = await linesOf(startElsewhere())
    expect(refused.at(-1)).toBe(
      `${environment.DATA_DIR} is in use by process ${running.child.pid} of another container or host. Stop it first, or set DATA_DIR to another directory.`,
    )
    const { data } = await client(running.url, 'demo-key').graphql<{ workspace: { id: string } }>(
      '{ workspace { id } }',
    )
    expect(data.workspace.id).toBe('wrk_abc123')
    await running.end('SIGKILL')
    expect((await linesOf(startElsewhere())).at(-1)).toBe('ready')
  },
)
