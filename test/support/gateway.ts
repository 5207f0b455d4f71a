import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEvent } from 'kysely'
import { pino } from 'pino'
import { type AppOptions, createApp } from '../../src/app.ts'
import type { Connection } from '../../src/db/connect.ts'
import type { Db } from '../../src/db/db.ts'
import { createAgent } from '../../src/domain/agent/create.ts'
import { createChannel } from '../../src/domain/channel/create.ts'
import { createKey } from '../../src/domain/key/create.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { noHints } from '../../src/live/hints.ts'
import { filePost } from '../../src/mail/post.ts'
import { openDatabase } from './databases.ts'

export type Answer<Data = Record<string, never>> = {
  data: Data
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[]
}

/** A whole gateway on a database of its own, listening on a free port. */
export type Gateway = Awaited<ReturnType<typeof startGateway>>

export type GatewayOptions = Partial<AppOptions> & {
  connection?: Connection
  onStatement?(event: LogEvent): void
}

export async function startGateway(options: GatewayOptions = {}) {
  const connection =
    options.connection ?? (await openDatabase(options.onStatement ? { log: options.onStatement } : {}))
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
  const mailDirectory = join(directory, 'mail')
  const app = await createApp({
    post: filePost(mailDirectory),
    openHints: noHints,
    mailFrom: 'support@gateway.test',
    mailReplyDomain: null,
    corsOrigins: [],
    eventRetentionDays: null,
    operationsPerSocket: 100,
    socketsPerKey: 1_000,
    log: pino({ level: process.env.LOG ?? 'silent' }),
    ...options,
    db: connection.db,
  })
  const url = await app.fastify.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    app,
    db: connection.db,
    engine: connection.engine,
    mailDirectory,
    async close() {
      await app.close()
      await connection.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Somebody with a key of a workspace, who asks the gateway as any client does. */
export type Client = ReturnType<typeof client>

export function client(url: string, key: string) {
  const authorization = `Bearer ${key}`
  return {
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

type Scope = 'read' | 'write'

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

/** Opens a conversation through the graph and answers its ids. */
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
