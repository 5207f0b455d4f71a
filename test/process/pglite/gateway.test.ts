import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { client, newConversation } from '../../support/gateway.ts'
import {
  bareSocket,
  closeClients,
  closed,
  codeAtEnd,
  overEventStream,
  statusChanges,
} from '../../support/live.ts'
import { subscribed } from '../../support/live-fixtures.ts'
import { command, type Running, startProcess } from '../../support/process.ts'
import { test as base } from '../../support/program.ts'
import { rawGet } from '../../support/raw-http.ts'

const newEnvironment = () => {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  return {
    environment: { DATA_DIR: join(directory, 'data') },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

const test = base
  .extend('demo', { scope: 'file' }, async ({ startForFile }, { onCleanup }) => {
    const { environment, remove } = newEnvironment()
    onCleanup(remove)
    return { environment, running: await startProcess(startForFile, environment) }
  })
  .extend('firstRun', { scope: 'file' }, async ({ startForFile }, { onCleanup }) => {
    const { environment, remove } = newEnvironment()
    onCleanup(remove)
    const running = await startProcess(startForFile, environment)
    expect(await running.end()).toBe(0)
    return { environment, key: keyOf(running) }
  })
  // With the directory that a first run has left.
  .extend('environment', async ({ firstRun }, { onCleanup }) => {
    const { environment, remove } = newEnvironment()
    onCleanup(remove)
    cpSync(firstRun.environment.DATA_DIR, environment.DATA_DIR, { recursive: true })
    return environment
  })

const keyOf = ({ lines }: Running) => lines.find(line => line.msg === 'demo workspace')?.key ?? ''

async function conversationsOf(running: Running): Promise<number> {
  const query = '{ conversations(filter: { status: [OPEN, CLOSED, ARCHIVED] }) { totalCount } }'
  type Total = { conversations: { totalCount: number } }
  const { data } = await client(running.url, keyOf(running)).graphql<Total>(query)
  return data.conversations.totalCount
}

describe('a gateway started with nothing', () => {
  test('logs its address as its last line, and holds the demo', async ({ demo: { running } }) => {
    expect(running.lines.at(-1)).toMatchObject({ msg: 'ready', url: expect.stringMatching(/^http:\/\/127/) })
    expect(await conversationsOf(running)).toBe(302)
  })

  test('prints the address of the inbox with a key, which GraphiQL has too on this machine', async ({
    demo: { running },
  }) => {
    const { inbox = '' } = running.lines.find(line => line.msg === 'inbox of the demo') ?? {}
    const [page, key = ''] = inbox.split('#key=')
    expect(page).toBe(`${running.url}/`)
    const { data } = await client(running.url, key).graphql<{ credential: { scopes: string[] } }>(
      '{ credential { scopes } }',
    )
    expect(data.credential.scopes).toEqual(['READ', 'WRITE'])
    const graphiql = await fetch(`${running.url}/graphql`, { headers: { accept: 'text/html' } })
    expect(await graphiql.text()).toContain(key)
    // Behind a proxy on this machine, or for a page of another site whose name leads here, the reader is somebody else.
    for (const header of [{ 'x-forwarded-for': '203.0.113.5' }, { host: 'evil.example.com' }]) {
      const { body } = await rawGet(running.url, '/graphql', { accept: 'text/html', ...header })
      expect(String(body)).toContain('YOUR_API_KEY')
      expect(String(body)).not.toContain(key)
    }
  })

  test("keeps the demo's key in a file that only its owner can read", ({ demo: { environment } }) => {
    expect(statSync(join(environment.DATA_DIR, 'demo-api-key')).mode & 0o777).toBe(0o600)
  })

  test('keeps a second process from its data', async ({ demo: { running, environment }, start }) => {
    await expect(startProcess(start, environment)).rejects.toThrow(
      `${environment.DATA_DIR} is in use by process ${running.child.pid}. Stop it first, or set DATA_DIR to another directory.`,
    )
    expect(await conversationsOf(running)).toBe(302)
  })

  test('keeps a set-up command from its data, which reports it', async ({
    demo: { running, environment },
    start,
  }) => {
    const { error, code } = await command(start, ['keys', 'list', '--workspace', 'wrk_abc123'], environment)
    expect(code).toBe(1)
    expect(error).toContain(`in use by process ${running.child.pid}`)
  })
})

test('at SIGTERM it closes sockets with 1001, cuts streams without completing them, and ends with 0', async ({
  environment,
  start,
}) => {
  onTestFinished(closeClients)
  const running = await startProcess(start, environment)
  const caller = client(running.url, keyOf(running))
  const stream = overEventStream(caller, statusChanges)
  const socket = bareSocket(caller)
  await new Promise(resolve => socket.once('open', resolve))
  const code = closed(socket)
  await subscribed(running, 1)
  expect(await running.end()).toBe(0)
  expect(await code).toBe(1001)
  expect(await stream.ended).not.toBeNull()
})

test('told to stop, it is not ready, and goes on for its delay', async ({ start, environment }) => {
  const running = await startProcess(start, { ...environment, SHUTDOWN_DELAY_MS: '3000' })
  const begun = performance.now()
  const ended = running.end()
  await expect
    .poll(async () => (await fetch(`${running.url}/health/ready`)).json())
    .toEqual({ status: 'unavailable', reason: 'CLOSING' })
  const answer = await fetch(`${running.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keyOf(running)}` },
    body: '{"query":"{ workspace { id } }"}',
  })
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
  expect(await ended).toBe(0)
  expect(performance.now() - begun).toBeGreaterThan(3_000)
})

test('it keeps its data and its key across a restart and kill -9, and adds the demo once', async ({
  environment,
  firstRun: { key },
  start,
}) => {
  const second = await startProcess(start, environment)
  expect(keyOf(second)).toBe(key)
  await newConversation(client(second.url, key))
  await second.end('SIGKILL')
  const third = await startProcess(start, environment)
  expect(keyOf(third)).toBe(key)
  expect(await conversationsOf(third)).toBe(303)
})

test('a copy of its directory is a backup, after whose return clients are told that the log has lost its end', async ({
  environment,
  start,
}) => {
  const first = await startProcess(start, environment)
  const caller = (running: Running) => client(running.url, keyOf(running))
  const { cursor: kept } = await newConversation(caller(first))
  expect(await first.end()).toBe(0)
  const backup = `${environment.DATA_DIR}-backup`
  cpSync(environment.DATA_DIR, backup, { recursive: true })

  const second = await startProcess(start, environment)
  const { cursor: lost } = await newConversation(caller(second))
  expect(await second.end()).toBe(0)
  rmSync(environment.DATA_DIR, { recursive: true })
  cpSync(backup, environment.DATA_DIR, { recursive: true })
  const epoch = await command(start, ['log', 'new-epoch'], environment)
  expect(epoch).toMatchObject({ code: 0, error: '' })

  const third = await startProcess(start, environment)
  expect(await conversationsOf(third)).toBe(303)
  for (const after of [kept, lost]) {
    const heard = overEventStream(caller(third), statusChanges, { after })
    expect(await codeAtEnd(heard)).toBe('CURSOR_EXPIRED')
  }
  await closeClients()
  expect(await third.end()).toBe(0)
})

test('it names everything that is wrong with its environment and ends with 1', async ({
  environment,
  start,
}) => {
  const wrong = { ...environment, PORT: 'x', DEMO: 'maybe' }
  await expect(startProcess(start, wrong)).rejects.toThrow(/PORT .*\nDEMO /)
  const gateway = start(['src/main.ts'], wrong)
  expect(await new Promise(resolve => gateway.once('exit', resolve))).toBe(1)
})

test('it starts without a key for the inbox once the agent of the demo is deactivated', async ({
  environment,
  start,
}) => {
  const demo = ['--workspace', 'wrk_abc123']
  const { code } = await command(start, ['agents', 'deactivate', ...demo, 'agt_abc123'], environment)
  expect(code).toBe(0)
  const again = await startProcess(start, environment)
  expect(again.lines.map(line => line.msg)).toContain(
    'There is no key for the inbox of the demo: This agent is deactivated.',
  )
  expect(await again.end()).toBe(0)
})
