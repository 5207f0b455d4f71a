import { createHash } from 'node:crypto'
import pg from 'pg'

// The statements of every peer. Each has a name, so that PostgreSQL parses and plans it once per connection.

/** As many connections as the gateway opens: ten for requests and three that it reserves. */
const poolSize = 13

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: poolSize })

export type Contact = { id: string; name: string | null; email: string; avatarUrl: string | null }
export type Agent = { id: string; name: string | null; avatarUrl: string | null }
export type Message = {
  id: string
  conversationId: string
  direction: string
  status: string
  preview: string
  createdAt: Date
}
export type Conversation = {
  id: string
  status: string
  source: string
  subject: string | null
  isUnread: boolean
  lastMessageAt: Date
  lastMessagePreview: string
  createdAt: Date
  contactId: string
  channelId: string | null
  assignedToId: string | null
}
/** The place of a conversation in the inbox. */
export type Place = { at: Date; id: string }

const conversationColumns = `id, status, source, subject, is_unread as "isUnread", last_message_at as "lastMessageAt",
  last_message_preview as "lastMessagePreview", created_at as "createdAt", contact_id as "contactId",
  channel_id as "channelId", assigned_to_id as "assignedToId"`
const contactColumns = 'id, name, email, avatar_url as "avatarUrl"'
const messageColumns =
  'id, conversation_id as "conversationId", direction, status, preview, created_at as "createdAt"'

async function rows<Row extends pg.QueryResultRow>(
  name: string,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  return (await pool.query<Row>({ name, text, values })).rows
}

export const hashOf = (secret: string) => createHash('sha256').update(secret).digest()

export const keyStatement = `select id, workspace_id as "workspaceId", agent_id as "agentId", scopes from api_key
  where hash = $1 and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`

/** Looks a bearer key up, as the gateway does on every request. @throws Error when there is no such key */
export async function workspaceOf(authorization: string | undefined): Promise<string> {
  const secret = authorization?.replace(/^Bearer /, '') ?? ''
  const [key] = await rows<{ workspaceId: string }>('key', keyStatement, [hashOf(secret)])
  // A peer's own HTTP server that reads a status from an error answers with this one.
  if (!key) throw Object.assign(new Error('Missing or invalid API key.'), { statusCode: 401 })
  return key.workspaceId
}

/** A page of the inbox, newest message first, and one row more if there is a next page; `after` null: the first page. */
export const inboxPage = (workspaceId: string, size: number, after: Place | null) =>
  after
    ? rows<Conversation>(
        'inbox after',
        `select ${conversationColumns} from conversation
          where workspace_id = $1 and status <> 'ARCHIVED' and (last_message_at, id) < ($3, $4)
          order by last_message_at desc, id desc limit $2`,
        [workspaceId, size + 1, after.at, after.id],
      )
    : rows<Conversation>(
        'inbox',
        `select ${conversationColumns} from conversation where workspace_id = $1 and status <> 'ARCHIVED'
          order by last_message_at desc, id desc limit $2`,
        [workspaceId, size + 1],
      )

export const contactsOf = (workspaceId: string, ids: readonly string[]) =>
  rows<Contact>(
    'contacts',
    `select ${contactColumns} from contact where workspace_id = $1 and id = any($2)`,
    [workspaceId, ids],
  )

export const agentsOf = (workspaceId: string, ids: readonly string[]) =>
  rows<Agent>(
    'agents',
    'select id, name, avatar_url as "avatarUrl" from agent where workspace_id = $1 and id = any($2)',
    [workspaceId, ids],
  )

/** The last messages of each conversation, newest first. */
export const lastMessagesOf = (workspaceId: string, conversationIds: readonly string[], size: number) =>
  rows<Message>(
    'last messages',
    `select message.* from unnest($2::text[]) as parent(id) cross join lateral (
      select ${messageColumns} from message where workspace_id = $1 and conversation_id = parent.id
      order by message.created_at desc, message.id desc limit $3) as message`,
    [workspaceId, conversationIds, size],
  )

/** The first messages of one conversation with their texts, oldest first, and one row more if there are more. */
export const firstMessagesOf = (workspaceId: string, conversationId: string, size: number) =>
  rows<Message & { text: string }>(
    'first messages',
    `select ${messageColumns}, text from message where workspace_id = $1 and conversation_id = $2
      order by message.created_at, message.id limit $3`,
    [workspaceId, conversationId, size + 1],
  )

export const conversationOf = async (workspaceId: string, id: string): Promise<Conversation | null> => {
  const text = `select ${conversationColumns} from conversation where workspace_id = $1 and id = $2`
  return (await rows<Conversation>('conversation', text, [workspaceId, id]))[0] ?? null
}

export const contactOf = async (workspaceId: string, id: string): Promise<Contact | null> =>
  (await contactsOf(workspaceId, [id]))[0] ?? null

/** A contact's newest conversations, and one row more if there are more. */
export const historyOf = (workspaceId: string, contactId: string, size: number) =>
  rows<Conversation>(
    'history',
    `select ${conversationColumns} from conversation where workspace_id = $1 and contact_id = $2
      order by last_message_at desc, id desc limit $3`,
    [workspaceId, contactId, size + 1],
  )
