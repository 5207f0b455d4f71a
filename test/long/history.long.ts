import { createServer } from 'node:net'
import { createClient } from 'graphql-ws'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { resume, resumingClient } from '../../examples/resume.ts'
import { connectPostgres } from '../../src/db/connect.ts'
import type { EventFilter, EventType } from '../../src/domain/event.ts'
import { eventsBetween } from '../../src/domain/event.ts'
import { seqOf, toCursor } from '../../src/domain/event-cursor.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { client, newConversation, newWorkspace } from '../support/gateway.ts'
import { type Running, startProcess } from '../support/process.ts'

// Two gateways on one Postgres, writers, and subscribers who must each hear the log of the database: while sockets are
// cut, gateways are killed in turn, and database connections die, the listening ones too.

const seconds = Number(process.env.HISTORY_SECONDS ?? 60)
const url = await newPostgresDatabase()
const connection = connectPostgres(url)
const ports = await Promise.all([freePort(), freePort()])
const gateways: (Running | null)[] = [null, null]
let chaos = true

beforeAll(async () => {
  await Promise.all(ports.map((_, index) => start(index)))
})
afterAll(async () => {
  await Promise.all(gateways.map(gateway => gateway?.end('SIGKILL')))
  await connection.close()
})

/** As whoever looks after processes does: one that the faults end at its start is started again. */
const start = async (index: number): Promise<void> => {
  const environment = { DATABASE_URL: url, DATA_DIR: '/tmp/gateway-history', PORT: String(ports[index]) }
  for (let attempt = 1; ; attempt++) {
    try {
      gateways[index] = await startProcess(environment)
      return
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}
const urlOf = (index: number) => `http://127.0.0.1:${ports[index]}`
const pick = <Value>(values: readonly Value[]): Value =>
  values[Math.floor(Math.random() * values.length)] as Value
const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

type Subscriber = { filter: EventFilter; from: string; heard: string[]; cut(): void; stop(): void }

test(`40 subscribers hear exactly the log through ${seconds} seconds of faults`, async () => {
  const workspace = await newWorkspace({ url: urlOf(0), db: connection.db })
  const { key } = workspace.client
  const conversations = await Promise.all(
    Array.from({ length: 12 }, (_, index) => newConversation(workspace.client, `c${index % 4}@example.com`)),
  )
  const from =
    conversations
      .map(({ cursor }) => cursor)
      .sort()
      .at(-1) ?? ''
  const kinds = [stockRetry, stockRetry, byHand, eventStream]
  const subscribers = Array.from({ length: 40 }, (_, index) =>
    (kinds[index % kinds.length] ?? stockRetry)(key, from, filterOf(index, conversations)),
  )

  const writers = Array.from({ length: 8 }, () => write(key, conversations, workspace.agentId))
  const faults = [killGateways(), killBackends(), cutSockets(subscribers)]
  await pause(seconds * 1_000)
  chaos = false
  await Promise.all([...writers, ...faults])

  const { head } = await connection.db
    .selectFrom('workspace')
    .select('event_seq as head')
    .where('id', '=', workspace.id)
    .executeTakeFirstOrThrow()
  expect(head).toBeGreaterThan(seconds * 10)
  for (const [index, { filter, heard }] of subscribers.entries()) {
    const after = seqOf(workspace.id, from) ?? 0
    const log = await eventsBetween(connection.db, workspace.id, {
      after,
      upTo: head,
      filter,
      limit: 1_000_000,
    })
    const expected = log.map(toCursor)
    const whole = () => heard.length >= expected.length
    await expect
      .poll(whole, { timeout: 30_000 })
      .toBe(true)
      .catch(() => {})
    const differs = expected.findIndex((cursor, place) => heard[place] !== cursor)
    const where = `subscriber ${index} heard ${heard.length} of ${expected.length}, and otherwise from ${differs} on`
    expect(heard, where).toEqual(expected)
  }
  console.log(
    `${head} events, ${subscribers.reduce((sum, { heard }) => sum + heard.length, 0)} deliveries, all in order and once`,
  )
  for (const subscriber of subscribers) subscriber.stop()
})

const types: EventType[] = [
  'CONVERSATION_STATUS_CHANGED',
  'CONVERSATION_ASSIGNED',
  'MESSAGE_ADDED',
  'CONVERSATION_CREATED',
]

function filterOf(index: number, conversations: { id: string; contactId: string }[]): EventFilter {
  const none = { types: null, conversationId: null, contactId: null }
  const one = conversations[index % conversations.length]
  const filters: EventFilter[] = [
    none,
    { ...none, types: ['CONVERSATION_STATUS_CHANGED'] },
    { ...none, types: [...new Set([pick(types), pick(types)])] },
    { ...none, conversationId: one?.id ?? null },
    { ...none, contactId: one?.contactId ?? null, types: ['CONVERSATION_ASSIGNED'] },
  ]
  return filters[index % filters.length] ?? none
}

const query = `subscription ($after: EventCursor, $types: [ConversationEventType!], $conversationId: ID, $contactId: ID) {
  conversationEvents(after: $after, types: $types, conversationId: $conversationId, contactId: $contactId) {
    cursor conversation { id status assignedTo { name } }
  }
}`

/** The documented client: the stock one with its own retry. */
function stockRetry(key: string, from: string, filter: EventFilter): Subscriber {
  const heard: string[] = []
  const sockets = new Set<WebSocket>()
  const stock = resumingClient(urlOf(pick([0, 1])), key)
  stock.on('connected', socket => sockets.add(socket as WebSocket))
  const stop = resume<{ cursor: string }>({
    client: stock,
    subscription: { query, variables: filter },
    snapshot: async () => (heard.length === 0 ? from : Promise.reject(new Error('A cursor was refused.'))),
    onEvent: ({ cursor }) => heard.push(cursor),
    onError: error => console.error('stock', error),
  })
  return {
    filter,
    from,
    heard,
    cut: () => [...sockets].at(-1)?.terminate(),
    stop() {
      stop()
      // What it was about to connect for is gone: that is what it rejects with.
      void Promise.resolve(stock.dispose()).catch(() => {})
    },
  }
}

/** A client of one's own: it opens a new socket, to either gateway, with the last cursor it has seen. */
function byHand(key: string, from: string, filter: EventFilter): Subscriber {
  const heard: string[] = []
  let stopped = false
  let cut = () => {}
  const open = () =>
    new Promise<void>(resolve => {
      const once = createClient({
        url: `${urlOf(pick([0, 1])).replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${key}` },
        retryAttempts: 0,
      })
      once.on('connected', socket => {
        cut = () => (socket as WebSocket).terminate()
      })
      once.subscribe<{ conversationEvents: { cursor: string } }>(
        { query, variables: { ...filter, after: heard.at(-1) ?? from } },
        {
          next: ({ data }) => data && heard.push(data.conversationEvents.cursor),
          error: () => resolve(),
          complete: () => resolve(),
        },
      )
    })
  const follow = async () => {
    while (!stopped) {
      await open()
      await pause(50 + Math.random() * 200)
    }
  }
  void follow()
  return {
    filter,
    from,
    heard,
    cut: () => cut(),
    stop() {
      stopped = true
      cut()
    },
  }
}

/** A browser's way: the stream's last id goes back as Last-Event-ID, also one that came without an event. */
function eventStream(key: string, from: string, filter: EventFilter): Subscriber {
  const heard: string[] = []
  let lastId = from
  let stopped = false
  let abort = new AbortController()
  const open = async () => {
    abort = new AbortController()
    const response = await fetch(`${urlOf(pick([0, 1]))}/graphql`, {
      method: 'POST',
      signal: abort.signal,
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'last-event-id': lastId,
        authorization: `Bearer ${key}`,
      },
      body: JSON.stringify({ query, variables: { ...filter, after: from } }),
    })
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) read(block)
    }
  }
  const read = (block: string) => {
    const id = /^id: (.*)$/m.exec(block)?.[1]
    if (id) lastId = id
    if (/^data: \{"data"/m.test(block) && id) heard.push(id)
  }
  const follow = async () => {
    while (!stopped) {
      await open().catch(() => {})
      await pause(50 + Math.random() * 200)
    }
  }
  void follow()
  return {
    filter,
    from,
    heard,
    cut: () => abort.abort(),
    stop() {
      stopped = true
      abort.abort()
    },
  }
}

/** Changes things through whichever gateway answers; what fails is what the faults are for. */
async function write(key: string, conversations: { id: string }[], agentId: string): Promise<void> {
  const mutation = `mutation ($id: ID!, $status: ConversationStatus!, $agent: ID) {
    setConversationStatus(input: { conversationId: $id, status: $status }) { cursor }
    assignConversation(input: { conversationId: $id, agentId: $agent }) { cursor }
  }`
  while (chaos) {
    const caller = client(urlOf(pick([0, 1])), key)
    const change =
      Math.random() < 0.05
        ? newConversation(caller, `c${pick([0, 1, 2, 3])}@example.com`)
        : caller.graphql(mutation, {
            id: pick(conversations).id,
            status: pick(['OPEN', 'CLOSED', 'ARCHIVED']),
            agent: pick([agentId, null]),
          })
    await change.catch(() => pause(20))
    await pause(Math.random() * 60)
  }
}

async function killGateways(): Promise<void> {
  for (let turn = 0; chaos; turn++) {
    await pause(6_000)
    const index = turn % gateways.length
    await gateways[index]?.end('SIGKILL')
    await start(index)
  }
}

async function killBackends(): Promise<void> {
  const operator = new pg.Client(url)
  await operator.connect()
  while (chaos) {
    await pause(2_000)
    await operator.query(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and (random() < 0.3 or query ilike 'listen%' or query like '%pg_notify%')`)
  }
  await operator.end()
}

async function cutSockets(subscribers: Subscriber[]): Promise<void> {
  while (chaos) {
    await pause(100)
    pick(subscribers).cut()
  }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
