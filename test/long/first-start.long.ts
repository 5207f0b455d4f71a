import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { client } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'
import { pause } from '../support/resuming-clients.ts'

/** `FIRST_STARTS=30` is what the table of faults tells of. */
const starts = Number(process.env.FIRST_STARTS ?? 3)
/** About as long as a first start takes. */
const spreadMs = 8_000

const total = '{ conversations(filter: { status: [OPEN, CLOSED, ARCHIVED] }) { totalCount } }'

test(`a first start that is killed at one of ${starts} moments leaves nothing in the way of the next one`, {
  timeout: (starts + 5) * 60_000,
}, async () => {
  for (let index = 0; index < starts; index++) {
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-first-'))
    onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true }))
    const environment = { DATA_DIR, DEMO_API_KEY: 'demo-key', PORT: '0', DEMO_TRAFFIC: '0' }
    const killed = startProgram(['src/main.ts'], environment)
    killed.stdout.resume()
    killed.stderr.resume()
    const exited = once(killed, 'exit')
    await pause(((index + Math.random()) * spreadMs) / starts)
    killed.kill('SIGKILL')
    expect(await exited).toEqual([null, 'SIGKILL'])
    const running = await startProcess(startProgram, environment)
    onTestFinished(async () => void (await running.end('SIGKILL')))
    expect(await client(running.url, 'demo-key').graphql(total)).toMatchObject({
      data: { conversations: { totalCount: 302 } },
    })
    expect(await running.end()).toBe(0)
    rmSync(DATA_DIR, { recursive: true })
  }
})
