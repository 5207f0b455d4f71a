import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { newPostgresDatabase } from '../support/databases.ts'
import { client } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'
import { pause } from '../support/resuming-clients.ts'

/** `FIRST_STARTS=30` is what the table of faults tells of. */
const starts = Number(process.env.FIRST_STARTS ?? 2)

const total = '{ conversations(filter: { status: [OPEN, CLOSED, ARCHIVED] }) { totalCount } }'

async function newEnvironment(engine: 'postgres' | 'embedded') {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-first-'))
  onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true }))
  const environment = { DATA_DIR, DEMO: '1', DEMO_API_KEY: 'demo-key', PORT: '0', DEMO_TRAFFIC: '0' }
  return engine === 'embedded'
    ? environment
    : { ...environment, DATABASE_URL: await newPostgresDatabase('template1') }
}

/** Starts a gateway, which must hold the demo, ends it, and returns how long it took to start, in milliseconds. */
async function startWhole(environment: Record<string, string>): Promise<number> {
  const begun = performance.now()
  const running = await startProcess(startProgram, environment)
  onTestFinished(async () => void (await running.end('SIGKILL')))
  const tookMs = performance.now() - begun
  expect(await client(running.url, 'demo-key').graphql(total)).toMatchObject({
    data: { conversations: { totalCount: 302 } },
  })
  expect(await running.end()).toBe(0)
  return tookMs
}

test.for(['postgres', 'embedded'] as const)(
  `a first start that is killed at one of ${starts} moments leaves nothing in the way of the next one, on the %s database`,
  { timeout: (starts + 5) * 60_000 },
  async (engine, { annotate }) => {
    const wholeMs = await startWhole(await newEnvironment(engine))
    let early = 0
    for (let index = 0; index < starts; index++) {
      const environment = await newEnvironment(engine)
      const killed = startProgram(['src/main.ts'], environment)
      const said = text(killed.stdout)
      const exited = once(killed, 'exit')
      killed.stderr.resume()
      await pause(((index + Math.random()) * wholeMs) / starts)
      killed.kill('SIGKILL')
      expect(await exited).toEqual([null, 'SIGKILL'])
      if (!(await said).includes('"ready"')) early++
      await startWhole(environment)
      rmSync(environment.DATA_DIR, { recursive: true })
    }
    expect(early).toBeGreaterThan(0)
    await annotate(
      `${early} of ${starts} killed before they were ready; a whole first start takes ${Math.round(wholeMs)} ms`,
    )
  },
)
