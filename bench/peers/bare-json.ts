// One statement for the inbox, in which PostgreSQL builds the JSON.
import { cursorOf, inboxCursors, placeOf } from './connection.ts'
import { listenBare } from './listen.ts'
import { pool } from './statements.ts'

const time = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The edges as text, how many rows there were, and the place of the last one that is shown. */
const inbox = (after: string) => `
  with page as (
    select * from conversation where workspace_id = $1 and status <> 'ARCHIVED' ${after}
    order by last_message_at desc, id desc limit $2 + 1
  ), shown as (select * from page order by last_message_at desc, id desc limit $2)
  select (select count(*)::int from page) as total, min(c.last_message_at) as at,
    (array_agg(c.id order by c.last_message_at, c.id))[1] as id,
    coalesce(json_agg(json_build_object('node', json_build_object(
      'id', c.id, 'status', c.status, 'source', c.source, 'subject', c.subject, 'isUnread', c.is_unread,
      'lastMessageAt', ${time('c.last_message_at')}, 'lastMessagePreview', c.last_message_preview,
      'contact', json_build_object('id', contact.id, 'name', contact.name, 'email', contact.email,
        'avatarUrl', contact.avatar_url),
      'assignedTo', case when agent.id is not null then
        json_build_object('id', agent.id, 'name', agent.name, 'avatarUrl', agent.avatar_url) end,
      'messages', json_build_object('edges', message.edges)
    )) order by c.last_message_at desc, c.id desc), '[]')::text as edges
  from shown as c
    join contact on contact.workspace_id = $1 and contact.id = c.contact_id
    left join agent on agent.workspace_id = $1 and agent.id = c.assigned_to_id
    cross join lateral (
      select coalesce(json_agg(json_build_object('node', json_build_object('id', m.id, 'direction', m.direction,
        'preview', m.preview, 'createdAt', ${time('m.created_at')})) order by m.created_at, m.id), '[]') as edges
      from (select id, direction, preview, created_at from message
        where workspace_id = $1 and conversation_id = c.id order by created_at desc, id desc limit 3) as m
    ) as message`

const first = inbox('')
const next = inbox('and (last_message_at, id) < ($3, $4)')

type Row = { total: number; at: Date | null; id: string | null; edges: string }

listenBare(async (workspaceId, { operationName, variables }) => {
  if (operationName !== 'Inbox') throw new Error(`There is no operation ${operationName}.`)
  const size = Number(variables.first)
  const after = placeOf(variables.after as string | null)
  const { rows } = after
    ? await pool.query<Row>({ name: 'next', text: next, values: [workspaceId, size, after.at, after.id] })
    : await pool.query<Row>({ name: 'first', text: first, values: [workspaceId, size] })
  const { total = 0, at = null, id = null, edges = '[]' } = rows[0] ?? {}
  const endCursor = at && id ? cursorOf(inboxCursors, { at, id }) : null
  const pageInfo = JSON.stringify({ hasNextPage: total > size, endCursor })
  return `{"data":{"conversations":{"edges":${edges},"pageInfo":${pageInfo}}}}`
})
