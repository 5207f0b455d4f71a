import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { client, newConversation } from './support/gateway.ts'
import { overEventStream, socketClient, statusChanges } from './support/live.ts'
import { command, type Running, startProcess } from './support/process.ts'

let directory: string
let running: Running
let environment: { DATA_DIR: string }
const keyOf = ({ lines }: Running) => lines.find(line => line.msg === 'demo workspace')?.key ?? ''

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  environment = { DATA_DIR: join(directory, 'data') }
  running = await startProcess(environment)
})
afterAll(async () => {
  await running.end('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

const count = async () => {
  const query = '{ conversations(filter: { status: [OPEN, CLOSED, ARCHIVED] }) { totalCount } }'
  const { data } = await client(running.url, keyOf(running)).graphql<{
    conversations: { totalCount: number }
  }>(query)
  return data.conversations.totalCount
}

describe('a gateway started with nothing', () => {
  test('says as its last line where it is, and holds the demo', async () => {
    expect(running.lines.at(-1)).toMatchObject({ msg: 'ready', url: expect.stringMatching(/^http:\/\/127/) })
    expect(await count()).toBe(302)
  })

  test("keeps the demo's key in a file that only its owner can read", () => {
    expect(statSync(join(environment.DATA_DIR, 'demo-api-key')).mode & 0o777).toBe(0o600)
  })

  test('does not let a second process near its data', async () => {
    await expect(startProcess(environment)).rejects.toThrow(
      `${environment.DATA_DIR} is in use by process ${running.child.pid}. Stop it first, or set DATA_DIR to another directory.`,
    )
    expect(await count()).toBe(302)
  })

  test('does not let a set-up command near it either, and that says so', async () => {
    const { error, code } = await command(['keys', 'list', '--workspace', 'wrk_abc123'], environment)
    expect(code).toBe(1)
    expect(error).toContain(`in use by process ${running.child.pid}`)
  })
})

test('at SIGTERM it tells sockets to come back, cuts streams without completing them, and ends with 0', async () => {
  const caller = client(running.url, keyOf(running))
  const stream = overEventStream(caller, statusChanges)
  const socket = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
  await new Promise(resolve => socket.once('open', resolve))
  const closed = new Promise<number>(resolve => socket.once('close', resolve))
  const gauge = async () => (await fetch(`${running.url}/metrics`)).text()
  await expect.poll(gauge).toContain('gateway_open{kind="subscribers"} 1')
  const code = await running.end()
  expect(await closed).toBe(1001)
  expect(await stream.ended).not.toBeNull()
  expect(code).toBe(0)
})

test('it keeps what was written and its key across a restart and kill -9, and plants the demo once', async () => {
  const key = keyOf(running)
  running = await startProcess(environment)
  expect(keyOf(running)).toBe(key)
  await newConversation(client(running.url, key))
  await running.end('SIGKILL')
  running = await startProcess(environment)
  expect(await count()).toBe(303)
  await socketClient(client(running.url, key)).dispose()
})

test('it names everything that is wrong with its environment and ends with 1', async () => {
  await expect(startProcess({ ...environment, PORT: 'x', DEMO: 'maybe' })).rejects.toThrow(/PORT .*\nDEMO /)
})
