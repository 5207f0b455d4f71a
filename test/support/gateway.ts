import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEvent } from 'kysely'
import { pino } from 'pino'
import { createApp } from '../../src/app.ts'
import type { AppOptions } from '../../src/app-options.ts'
import { readConfig } from '../../src/config.ts'
import type { Db } from '../../src/db/db.ts'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { createAgent } from '../../src/domain/agent/create.ts'
import { createChannel } from '../../src/domain/channel/create.ts'
import { createKey } from '../../src/domain/key/create.ts'
import type { Limits } from '../../src/domain/limits.ts'
import type { Scope } from '../../src/domain/operation.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { readTrustedDocuments } from '../../src/graphql/execution/trusted-documents.ts'
import { noHints } from '../../src/live/hints.ts'
import { fileTransport } from '../../src/mail/outbound/transport.ts'
import { untraced } from '../../src/runtime/traces.ts'
import { refusedByCitus } from './citus/forms.ts'
import { openDatabase } from './databases.ts'
import { startPrism } from './prism.ts'
import { isUnbound } from './tenant-statements.ts'

export type Answer<Data = Record<string, never>> = {
  data: Data
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[]
}

/** A whole gateway on a database of its own, listening on a free port. */
export type Gateway = Awaited<ReturnType<typeof startGateway>>

export type GatewayOptions = Partial<Omit<AppOptions, 'database' | 'limits'>> & {
  /** The limits that differ from the defaults. */
  limits?: Partial<Limits>
  /** A database that is open, or opens one whose statements are checked. */
  database?: OpenDatabase | ((log: (event: LogEvent) => void) => OpenDatabase)
  onStatement?(event: LogEvent): void
}

export async function startGateway(options: GatewayOptions = {}) {
  const foreign: string[] = []
  const refused = new Set<string>()
  const log = (event: LogEvent) => {
    const { sql } = event.query
    if (isUnbound(sql)) foreign.push(sql)
    const refusal = refusedByCitus(sql)
    if (refusal) refused.add(`${refusal}\n${sql}`)
    options.onStatement?.(event)
  }
  const given = typeof options.database === 'function' ? options.database(log) : options.database
  const database = given ?? (await openDatabase({ log }))
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
  const mailDirectory = join(directory, 'mail')
  const app = await createApp({
    trusted: readTrustedDocuments(null, false, readConfig({}).limits),
    ...readConfig({ DEMO_TRAFFIC: '0' }),
    mailTransport: fileTransport(mailDirectory),
    openHints: noHints,
    page: null,
    replicas: [],
    demoPageKey: null,
    mailFrom: 'support@gateway.test',
    traces: untraced,
    log: pino({ level: process.env.LOG ?? 'silent' }),
    ...options,
    limits: { ...readConfig({}).limits, ...options.limits },
    database,
  })
  const address = await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  // The pipeline runs the REST suite a second time, through a proxy that checks each response.
  const prism = process.env.PRISM ? await startPrism(process.env.PRISM, address) : null
  const url = prism?.url ?? address
  let closing: Promise<void> | undefined
  async function closeApp(): Promise<void> {
    await app.close()
    rmSync(directory, { recursive: true, force: true })
  }
  async function close(): Promise<void> {
    await closeApp()
    await database.close()
    await prism?.close()
    if (foreign.length > 0) throw new Error(`Statements without a workspace:\n${foreign.join('\n')}`)
    if (refused.size > 0) throw new Error(`Statements that Citus refuses:\n${[...refused].join('\n')}`)
  }
  return {
    url,
    app: { ...app, close: closeApp },
    db: database.db,
    engine: database.engine,
    mailDirectory,
    /** Closes it once, also when a test has done so before its end does. */
    close: () => (closing ??= close()),
  }
}

/** A caller with a key of a workspace. */
export type Client = ReturnType<typeof client>

export function client(url: string, key: string) {
  const authorization = `Bearer ${key}`
  return {
    url,
    key,
    authorization,
    socketUrl: `${url.replace('http', 'ws')}/graphql`,
    async graphql<Data = Record<string, never>>(
      query: string,
      variables: Record<string, unknown> = {},
    ): Promise<Answer<Data> & { status: number }> {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({ query, variables }),
      })
      return { ...((await response.json()) as Answer<Data>), status: response.status }
    },
    async rest(method: string, path: string, body?: unknown) {
      const json =
        body === undefined ? {} : { headers: { 'content-type': 'application/json', authorization } }
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization },
        ...json,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null }
    },
  }
}

export type Workspace = Awaited<ReturnType<typeof newWorkspace>>

/** A new workspace with an agent and an EMAIL channel, and a client that acts as the agent. */
export async function newWorkspace(gateway: { url: string; db: Db }, scopes: Scope[] = ['read', 'write']) {
  return gateway.db.transaction().execute(async writer => {
    const id = await createWorkspace(writer, { name: 'Acme' })
    const agentId = await createAgent(writer, id, { name: 'Ada', email: 'ada@acme.test' })
    const address = 'help@acme.test'
    const channelId = await createChannel(writer, id, { name: 'Mail', source: 'EMAIL', address })
    const { secret } = await createKey(writer, id, { name: 'test', scopes, agentId })
    return { id, agentId, channelId, client: client(gateway.url, secret) }
  })
}

/** A key of a workspace and a client that uses it. */
export async function newClient(
  gateway: { url: string; db: Db },
  workspaceId: string,
  { scopes = ['read', 'write'], expiresAt }: { scopes?: Scope[]; expiresAt?: Date } = {},
) {
  const { id, secret } = await gateway.db
    .transaction()
    .execute(writer => createKey(writer, workspaceId, { name: 'extra', scopes, expiresAt }))
  return { id, client: client(gateway.url, secret) }
}

/** Opens a conversation through the graph and returns its ids. */
export async function newConversation(from: Client, email = 'jane@example.com', contentText = 'Hello there') {
  const { data, errors } = await from.graphql<{
    createConversation: {
      conversation: { id: string }
      contact: { id: string }
      message: { id: string }
      cursor: string
    }
  }>(
    `mutation ($input: CreateConversationInput!) {
      createConversation(input: $input) { conversation { id } contact { id } message { id } cursor }
    }`,
    { input: { email, contentText, subject: 'A question' } },
  )
  if (errors) throw new Error(JSON.stringify(errors))
  const { conversation, contact, message, cursor } = data.createConversation
  return { id: conversation.id, contactId: contact.id, messageId: message.id, cursor }
}
