// One server under measurement, in a process of its own: `bare` ws, the `stock` way, or the `gateway`. It takes orders
// over the process channel, and reports the CPU and memory it used.
import { createServer } from 'node:http'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { pino } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { openPostgres } from '../src/db/open-postgres.ts'
import { setConversationStatus } from '../src/domain/conversation/set-status.ts'
import type { Actor } from '../src/domain/operation.ts'
import { readTrustedDocuments } from '../src/graphql/execution/trusted-documents.ts'
import { postgresHints } from '../src/live/hints.ts'
import { fileTransport } from '../src/mail/outbound/transport.ts'
import { untraced } from '../src/runtime/traces.ts'
import { sample } from './workload.ts'

type Publish = (index: number) => Promise<void> | void
type Server = { port: number; publish: Publish }
export type Order = { events: number; perSecond: number | null; writers: number }
export type Report = { cpu: number; rss: number; at: number[] }

const [kind = '', databaseUrl = '', workspaceId = ''] = process.argv.slice(2)
const moments: number[] = []
const now = () => performance.timeOrigin + performance.now()

const servers: Record<string, () => Promise<Server>> = { bare, stock, gateway }
const start = servers[kind]
if (!start) throw new Error(`There is no server called ${kind}.`)
const { port, publish } = await start()
process.send?.({ port })
process.once('disconnect', () => process.exit())

process.on('message', async (order: Order | 'usage' | 'finish') => {
  if (order === 'finish') return
  if (order === 'usage') return void process.send?.({ rss: process.memoryUsage().rss })
  moments.length = 0
  const before = process.cpuUsage()
  await publishAll(order)
  const finish = () => {
    const { user, system } = process.cpuUsage(before)
    process.send?.({ cpu: user + system, rss: process.memoryUsage().rss, at: moments } satisfies Report)
  }
  process.once('message', finish)
  process.send?.('published')
})

async function publishAll({ events, perSecond, writers }: Order): Promise<void> {
  let next = 0
  const begun = performance.now()
  const write = async () => {
    for (let index = next++; index < events; index = next++) {
      const due = perSecond === null ? 0 : begun + (index * 1_000) / perSecond - performance.now()
      await new Promise(resolve => (due > 0 ? setTimeout(resolve, due) : setImmediate(resolve)))
      await publish(index)
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
}

/** Waits while too much is unsent: a server that only fills its memory has delivered nothing. */
async function drained(sockets: Iterable<WebSocket>): Promise<void> {
  for (const socket of sockets)
    while (socket.bufferedAmount > 256 * 1024) await new Promise(resolve => setImmediate(resolve))
}

async function bare(): Promise<Server> {
  const wss = new WebSocketServer({ port: 0 })
  wss.on('connection', socket => socket.on('message', () => {}))
  const text = JSON.stringify({ id: '1', type: 'next', payload: { data: sample } })
  return {
    port: (wss.address() as { port: number }).port,
    async publish() {
      moments.push(now())
      for (const socket of wss.clients) socket.send(text)
      await drained(wss.clients)
    },
  }
}

async function stock(): Promise<Server> {
  const http = createServer()
  const wss = new WebSocketServer({ server: http, path: '/graphql' })
  const listeners = new Set<(event: object) => void>()
  const schema = buildSchema(`
    scalar EventCursor
    type Contact { name: String }
    type Conversation { id: ID! subject: String lastMessagePreview: String! contact: Contact! }
    type Changed { cursor: String! occurredAt: String! previousStatus: String! status: String! conversation: Conversation! }
    type Query { a: Int }
    type Subscription { conversationStatusChanged(after: EventCursor): Changed! }`)
  const rootValue = {
    async *conversationStatusChanged() {
      const queue: object[] = []
      let wake = () => {}
      const listener = (event: object) => {
        queue.push(event)
        wake()
      }
      listeners.add(listener)
      try {
        for (;;) {
          while (queue.length > 0) yield { conversationStatusChanged: queue.shift() }
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      } finally {
        listeners.delete(listener)
      }
    },
  }
  useServer({ schema, roots: { subscription: rootValue } } as never, wss)
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return {
    port: (http.address() as { port: number }).port,
    async publish() {
      moments.push(now())
      for (const listener of listeners) listener(sample.conversationStatusChanged)
      await new Promise(resolve => setImmediate(resolve))
      await drained(wss.clients)
    },
  }
}

async function gateway(): Promise<Server> {
  const database = openPostgres(databaseUrl)
  const { db } = database
  const app = await createApp({
    trusted: readTrustedDocuments(null, false, readConfig({}).limits),
    ...readConfig({ MAX_CONNECTIONS: '100000', MAX_CONNECTIONS_PER_ADDRESS: '100000' }),
    database,
    replicas: [],
    page: null,
    traces: untraced,
    demoPageKey: null,
    mailTransport: fileTransport('/nonexistent'),
    openHints: options => postgresHints(databaseUrl, options),
    log: pino({ level: 'error' }),
    mailFrom: 'bench@example.com',
    limits: { ...readConfig({}).limits, maxSocketsPerKey: 100_000 },
  })
  await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  const actor: Actor = { workspaceId, id: 'key_bench', keyId: 'key_bench', scopes: ['read', 'write'] }
  const rows = await db
    .selectFrom('conversation')
    .select(['id', 'status'])
    .where('workspace_id', '=', workspaceId)
    .execute()
  let announce: (workspaceId: string, watched: boolean) => void = () => {}
  await app.fastify.ready()
  announce = app.announce
  const operation = {
    actor,
    db,
    announce: (id: string, watched: boolean) => {
      moments.push(now())
      announce(id, watched)
    },
  }
  return {
    port: (app.fastify.server.address() as { port: number }).port,
    async publish(index) {
      const row = rows[index % rows.length]
      if (!row) throw new Error('There is no conversation to change.')
      // Every change must have an effect: setting the current status records no event.
      row.status = row.status === 'OPEN' ? 'CLOSED' : 'OPEN'
      await setConversationStatus(operation, { conversationId: row.id, status: row.status })
    },
  }
}
