import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { newPostgresDatabase } from '../../support/databases.ts'
import { client, newConversation } from '../../support/gateway.ts'
import { mail } from '../../support/inbound.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { startProcess } from '../../support/process.ts'
import { test } from '../../support/program.ts'

test('a gateway logs its failures without texts, addresses and secrets, each with its request', async ({
  start,
}) => {
  const mailServer = await startMailServer({
    onRcptTo: ({ address }, _session, done) =>
      done(Object.assign(new Error(`The mailbox of ${address} is full`), { responseCode: 452 })),
  })
  onTestFinished(mailServer.close)
  const DATABASE_URL = await newPostgresDatabase('template1')
  const directory = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const running = await startProcess(start, {
    DATABASE_URL,
    DATA_DIR: directory,
    DEMO: '1',
    DEMO_API_KEY: 'cgw_the-key-of-the-demo',
    SMTP_URL: mailServer.url,
    LOG_LEVEL: 'warn',
  })
  const output: string[] = []
  running.child.stdout.on('data', chunk => output.push(String(chunk)))
  const lines = () =>
    output
      .join('')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
  const caller = client(running.url, 'cgw_the-key-of-the-demo')

  await newConversation(caller, 'jane@example.com', 'A very private text')
  await expect.poll(() => JSON.stringify(lines())).toContain('The mailbox of [address] is full')

  const database = new pg.Client(DATABASE_URL)
  await database.connect()
  await database.query(`create unique index on message (text) where text = 'A very private text'`)
  await database.end()
  const input = { email: 'joe@example.com', contentText: 'A very private text' }
  const { errors } = await caller.graphql(
    'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { cursor } }',
    { input },
  )
  const response = await fetch(`${running.url}/v1/workspaces/wrk_abc123/support/inbox/inbound-emails`, {
    method: 'POST',
    headers: { authorization: caller.authorization, 'content-type': 'message/rfc822' },
    body: mail({}, 'A very private text'),
  })
  expect(response.status).toBe(500)
  for (const requestId of [errors?.[0]?.extensions.requestId, response.headers.get('x-request-id')]) {
    await expect.poll(() => lines().filter(line => line.requestId === requestId)).toHaveLength(1)
    const line = lines().find(each => each.requestId === requestId)
    expect(line).toMatchObject({ level: 50, err: { code: '23505', table: 'message' } })
  }
  // An operation that is slow on a busy machine has its line too.
  expect(lines().filter(({ requestId, msg }) => requestId && msg !== 'operation')).toHaveLength(2)

  expect(await running.end()).toBe(0)
  expect(output.join('')).not.toMatch(/private text|jane|joe|cgw_|@example/)
})

test('a gateway logs each request, operation and socket, without texts, addresses and secrets', async ({
  start,
}) => {
  const DATABASE_URL = await newPostgresDatabase('template1')
  const directory = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const key = 'cgw_the-key-of-the-demo'
  const running = await startProcess(start, {
    DATABASE_URL,
    DATA_DIR: directory,
    DEMO: '1',
    DEMO_API_KEY: key,
  })
  const lines: Record<string, unknown>[] = []
  createInterface({ input: running.child.stdout }).on('line', line => lines.push(JSON.parse(line)))
  const of = (msg: string) => lines.filter(line => line.msg === msg)
  const caller = client(running.url, key)

  const query = 'query Inbox { conversations(first: 3) { edges { node { subject contact { email } } } } }'
  const response = await fetch(`${running.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: caller.authorization },
    body: JSON.stringify({ query }),
  })
  const who = { keyId: 'key_demo', workspaceId: 'wrk_abc123' }
  const requestId = response.headers.get('x-request-id')
  await expect.poll(() => of('request')).toHaveLength(1)
  expect(of('operation')).toMatchObject([
    { requestId, ...who, kind: 'query', operation: 'Inbox', outcome: 'ok', cost: expect.any(Number) },
  ])
  expect(of('operation')[0]).toMatchObject({ document: hash('sha256', query).slice(0, 16), statements: 1 })
  expect(of('request')).toMatchObject([{ requestId, ...who, method: 'POST', route: '/graphql', status: 200 }])

  await caller.rest('GET', '/v1/workspaces/wrk_abc123/support/inbox/conversations?search=private%20text')
  await expect.poll(() => of('request')).toHaveLength(2)
  expect(of('operation')[1]).toMatchObject({ ...who, kind: 'query', outcome: 'ok' })
  expect(of('request')[1]).toMatchObject({ route: '/v1/workspaces/:workspaceId/support/inbox/conversations' })

  await client(running.url, 'cgw_wrong').graphql('{ workspace { id } }')
  await expect.poll(() => of('request')).toHaveLength(3)
  expect(of('request')[2]).toMatchObject({ status: 401, keyId: null })

  const status = (id: string) =>
    `mutation { setConversationStatus(input: { conversationId: "${id}", status: CLOSED }) { cursor } }`
  await caller.graphql(status('thd_xyz789'))
  await caller.graphql(status('thd_nothing'))
  await expect.poll(() => of('operation')).toHaveLength(4)
  const [changed, refused] = of('operation').slice(2)
  expect(changed).toMatchObject({ kind: 'mutation', outcome: 'ok' })
  // The lock, the row, the counter and the event at least.
  expect(changed?.statements).toBeGreaterThan(2)
  expect(refused).toMatchObject({ kind: 'mutation', outcome: 'NOT_FOUND' })

  const database = new pg.Client(DATABASE_URL)
  await database.connect()
  await database.query('begin; lock table conversation')
  const slow = caller.graphql('query Slow { conversations(first: 1) { edges { node { subject } } } }')
  await database.query('select pg_sleep(1.1)')
  await database.query('commit')
  await database.end()
  await slow
  await expect.poll(() => of('operation').at(-1)).toMatchObject({ operation: 'Slow', slow: true, level: 40 })

  const leaving = new AbortController()
  const stream = await fetch(`${running.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: caller.authorization,
    },
    body: JSON.stringify({ query: 'subscription { conversationCountsChanged { open } }' }),
    signal: leaving.signal,
  })
  await stream.body?.getReader().read()
  leaving.abort()
  await expect.poll(() => of('request').at(-1)).toMatchObject({ status: 200, unfinished: true })
  expect(of('operation').at(-1)).toMatchObject({ kind: 'subscription', outcome: 'opened' })

  const socket = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
  await new Promise(resolve => socket.addEventListener('open', resolve))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: caller.authorization } }))
  await new Promise(resolve => socket.addEventListener('message', resolve))
  socket.close(1000)
  await expect.poll(() => of('socket closed')).toMatchObject([{ ...who, code: 1000 }])

  await fetch(`${running.url}/health/ready`)
  expect(await running.end()).toBe(0)
  expect(of('request')).toHaveLength(7)
  expect(JSON.stringify(lines)).not.toMatch(/private|jane|cgw_|@example/)
})
