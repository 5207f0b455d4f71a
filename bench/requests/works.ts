import pg from 'pg'
import { workspaces } from './dataset.ts'
import { headersOf, operation, type Request } from './operations.ts'
import { postgraphileInbox } from './postgraphile.ts'
import type { ServerName } from './processes.ts'
import { statusRequests } from './writes.ts'

/** What the servers are compared at. */
export type Work = {
  title: string
  servers: ServerName[]
  /** The server whose figures are 1. */
  baseline: ServerName
  /** The requests, in turns; they change nothing. Or, for a work that changes: makes the next one of a connection. */
  requests: Request[] | ((connection: number) => Request)
  /** The requests for a server with a schema of its own, in the same order. */
  own?: Partial<Record<ServerName, Request[]>>
  /** Whether another process changes what is asked for, once a second. */
  changes?: true
}

const pageSize = 20
/** How many pages the deep page is from the first; half of the way in a small workspace. */
const deepPages = 1_000

const list: Request = {
  method: 'GET',
  path: `/v1/workspaces/${workspaces.large}/support/inbox/conversations?limit=${pageSize}`,
  headers: headersOf(workspaces.large),
  body: null,
}

const graphQL: ServerName[] = ['gateway', 'Mercurius 16 + JIT', 'Apollo Server 5']

/** All works on a filled database, by their letters in the goals. */
export async function worksOn(url: string): Promise<Record<string, Work>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const idsOf = async (text: string) =>
    (await client.query<{ id: string }>(text, [workspaces.large])).rows.map(({ id }) => id)
  try {
    const long = await idsOf(`select conversation_id as id from message where workspace_id = $1
      group by conversation_id having count(*) > 50 order by conversation_id desc limit 40`)
    const contacts = await idsOf('select id from contact where workspace_id = $1 order by id desc limit 400')
    const { rows } = await client.query<{ at: Date; id: string }>(
      `select last_message_at as at, id from conversation where workspace_id = $1 and status <> 'ARCHIVED'
        order by last_message_at desc, id desc limit 1
        offset (select least($2::int, (open_count + closed_count) / 2) from workspace where id = $1)`,
      [workspaces.large, deepPages * pageSize],
    )
    const [deep] = rows
    if (!deep) throw new Error('The workspace has no conversations.')
    const after = Buffer.from(
      `conversations>last_message_at>DESC:${deep.at.getTime().toString(36)}:${deep.id}`,
    ).toString('base64url')
    const inbox: ServerName[] = ['bare', 'bare, JSON by Postgres', ...graphQL, 'PostGraphile 5']
    return {
      a: {
        title: 'inbox page: 20 conversations with contact, assignee and last 3 messages',
        servers: inbox,
        baseline: 'bare',
        requests: [operation('Inbox', { first: pageSize, after: null })],
        own: { 'PostGraphile 5': [postgraphileInbox(pageSize, null)] },
      },
      'a-deep': {
        title: 'inbox page, 1,000 pages deep',
        servers: inbox,
        baseline: 'bare',
        requests: [operation('Inbox', { first: pageSize, after })],
        own: { 'PostGraphile 5': [postgraphileInbox(pageSize, deep)] },
      },
      b: {
        title: 'one conversation with contact and 50 messages',
        servers: ['bare', ...graphQL],
        baseline: 'bare',
        requests: long.map(id => operation('Conversation', { id })),
      },
      c: {
        title: 'REST list of 20',
        servers: ['Fastify + pg', 'gateway'],
        baseline: 'Fastify + pg',
        requests: [list],
      },
      'd-one': {
        title: 'setConversationStatus, one workspace',
        servers: ['by hand', 'gateway'],
        baseline: 'by hand',
        requests: await statusRequests(client, [workspaces.large]),
      },
      'd-twenty': {
        title: 'setConversationStatus, twenty workspaces',
        servers: ['by hand', 'gateway'],
        baseline: 'by hand',
        requests: await statusRequests(client, workspaces.small),
      },
      e: {
        title: "a contact's history: 20 conversations with assignee",
        servers: ['bare', ...graphQL],
        baseline: 'bare',
        requests: contacts.map(id => operation('History', { id })),
      },
      f: {
        title: 'inbox page again and again, with one change a second',
        servers: ['bare', 'gateway', 'gateway, kept answers'],
        baseline: 'bare',
        requests: [operation('Inbox', { first: pageSize, after: null })],
        changes: true,
      },
      g: {
        title: 'inbox page over WebSocket',
        servers: ['gateway', 'gateway over WebSocket'],
        baseline: 'gateway',
        requests: [operation('Inbox', { first: pageSize, after: null })],
      },
    }
  } finally {
    await client.end()
  }
}
