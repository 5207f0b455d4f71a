import { createHash } from 'node:crypto'
import type pg from 'pg'

/** The workspace that is asked, and the small ones that writes are spread over. */
export const workspaces = {
  large: 'wrk_bench0',
  small: Array.from({ length: 20 }, (_, n) => `wrk_bench${n + 1}`),
}

export const keyOf = (workspaceId: string) => `cgw_key_of_${workspaceId}`

const conversationsOfSmall = 1_000
const defaultSeed = 20250312

const phrase = 'I have a question about my last invoice, which names an address that we left two years ago. '

/** The number of messages of a conversation: one in a thousand is long. */
const messagesOf = 'case when n % 1000 = 500 then 60 else 4 end'

/** Text that a mail may have, 40 to 440 characters, and what the inbox shows of it. */
const textOf = `left('Message ' || k || ' of conversation ' || n || '. ' || repeat('${phrase}', 5), 40 + pg_temp.pick(n * 64 + k, 1, 400))`
const previewOf = `case when length(text) <= 140 then rtrim(text) else rtrim(left(text, 137)) || '...' end`

/** When message k was added. Conversations begin 20 seconds apart and last hours, so their messages interleave. */
const timeOf = `timestamptz '2024-01-01Z' + n * interval '20 s' + pg_temp.pick(n, 2, 1000) * interval '1 ms'
  + k * interval '1 h' + pg_temp.pick(n * 64 + k, 3, 3000) * interval '1 s'`

/** Ids that rise with time, as the gateway's do. */
const id = (prefix: string, number: string) => `'${prefix}_01' || lpad(to_hex(${number}), 24, '0')`

const contactOf = id('ctc', 'pg_temp.pick(n, 4, $2::int / 20 + 1) + 1')
const agentOf = id('agt', 'pg_temp.pick(n, 5, 20) + 1')

/** $1: the workspace. $2: how many conversations it has. Every statement takes both. */
const fill = [
  `insert into workspace (id, name, created_at) select $1, 'Bench ' || $2::int, timestamptz '2023-01-01Z'`,
  `insert into agent (workspace_id, id, name, email)
    select $1, ${id('agt', 'n')}, 'Agent ' || n, 'agent' || n || '@example.com'
    from generate_series(1, least(20, 20 + $2::int)) as n`,
  `insert into channel (workspace_id, id, name, source, address)
    select $1, 'chn_bench', 'Mail ' || $2::int, 'EMAIL', 'help@example.com'`,
  `insert into contact (workspace_id, id, email, name)
    select $1, ${id('ctc', 'n')}, 'contact' || n || '@example.com', case when n % 10 > 0 then 'Contact ' || n end
    from generate_series(1, $2::int / 20 + 1) as n`,
  `insert into message (workspace_id, id, conversation_id, direction, status, text, preview, author_id, created_at, sent_at)
    select $1, ${id('msg', 'n * 64 + k')}, ${id('thd', 'n')}, direction,
      case direction when 'INBOUND' then 'RECEIVED' else 'SENT' end, rtrim(text), ${previewOf},
      case direction when 'INBOUND' then ${contactOf} else ${agentOf} end, at,
      case direction when 'OUTBOUND' then at end
    from (
      select n, k, ${textOf} as text, (${timeOf})::timestamptz(3) as at,
        case when k = 0 or pg_temp.pick(n * 64 + k, 6, 2) = 0 then 'INBOUND' else 'OUTBOUND' end as direction
      from generate_series(1, $2::int) as n cross join lateral generate_series(0, ${messagesOf} - 1) as k
    ) as message order by at`,
  `insert into conversation (workspace_id, id, contact_id, channel_id, assigned_to_id, status, source, subject, is_unread,
      last_message_at, last_message_preview, created_at, updated_at)
    select $1, ${id('thd', 'n')}, ${contactOf}, case when source = 'EMAIL' then 'chn_bench' end,
      case when pg_temp.pick(n, 7, 10) < 7 then ${agentOf} end, conversation.status, source,
      case when source <> 'CHAT' then 'Question ' || n end, conversation.status = 'OPEN' and pg_temp.pick(n, 8, 10) < 4,
      last.created_at, last.preview, first.created_at, last.created_at + interval '1 ms'
    from (
      select n, (array['OPEN','OPEN','OPEN','OPEN','OPEN','CLOSED','CLOSED','CLOSED','ARCHIVED','ARCHIVED'])[pg_temp.pick(n, 9, 10) + 1]
          as status,
        (array['EMAIL','EMAIL','EMAIL','EMAIL','EMAIL','EMAIL','CHAT','CHAT','FORM','API'])[pg_temp.pick(n, 10, 10) + 1] as source
      from generate_series(1, $2::int) as n
    ) as conversation
      join message as first on first.workspace_id = $1 and first.id = ${id('msg', 'n * 64')}
      join message as last on last.workspace_id = $1 and last.id = ${id('msg', `n * 64 + ${messagesOf} - 1`)}
    order by n`,
  `insert into agent_counts
    select $1, agent.id, count(*) filter (where status = 'OPEN'), count(*) filter (where status = 'CLOSED'),
      count(*) filter (where status = 'ARCHIVED'), count(*) filter (where status = 'OPEN' and is_unread)
    from agent join conversation on conversation.workspace_id = $1 and assigned_to_id = agent.id
    where agent.workspace_id = $1 and $2::int > 0 group by agent.id`,
  // The log is as retention leaves it when every event is older than what is kept.
  `update workspace set revision = 1, event_seq = 5 * $2::bigint, event_floor = 5 * $2::bigint, open_count = open,
      closed_count = closed, archived_count = archived, unread_count = unread, unassigned_count = unassigned
    from (
      select count(*) filter (where status = 'OPEN') as open, count(*) filter (where status = 'CLOSED') as closed,
        count(*) filter (where status = 'ARCHIVED') as archived,
        count(*) filter (where status = 'OPEN' and is_unread) as unread,
        count(*) filter (where status = 'OPEN' and assigned_to_id is null) as unassigned
      from conversation where workspace_id = $1
    ) as counted where workspace.id = $1`,
]

async function fillWorkspace(client: pg.Client, workspaceId: string, conversations: number): Promise<void> {
  for (const statement of fill) await client.query(statement, [workspaceId, conversations])
  const hash = createHash('sha256').update(keyOf(workspaceId)).digest()
  await client.query(
    `insert into api_key (workspace_id, id, name, hash, scopes) values ($1, 'key_bench', 'bench', $2, '{read,write}')`,
    [workspaceId, hash],
  )
}

/** Drops the indexes of the large tables and makes them again afterwards, which is faster than keeping them meanwhile. */
async function withoutIndexes(client: pg.Client, write: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
      where schemaname = 'public' and tablename in ('conversation', 'message') and indexname not like '%_pkey'`,
  )
  await client.query("set local maintenance_work_mem = '512MB'")
  for (const { name } of rows) await client.query(`drop index ${client.escapeIdentifier(name)}`)
  await write()
  for (const { definition } of rows) await client.query(definition)
}

/**
 * Fills a migrated database with one workspace of so many conversations and twenty of a thousand each. The same seed
 * gives the same rows. A database that has them already stays as it is.
 */
export async function fillDatabase(
  client: pg.Client,
  conversations: number,
  seed = defaultSeed,
): Promise<void> {
  await client.connect()
  try {
    const { rows } = await client.query('select name from workspace where id = $1', [workspaces.large])
    if (rows[0]?.name === `Bench ${conversations}`) return
    if (rows[0]) throw new Error(`The database has another dataset: ${rows[0].name}.`)
    // Rows point where they should by construction, and checking each foreign key would take most of the time.
    const { rows: settings } = await client.query<{ is_superuser: string }>('show is_superuser')
    if (settings[0]?.is_superuser === 'on') await client.query('set session_replication_role = replica')
    await client.query(`create function pg_temp.pick(n bigint, salt int, below int) returns int immutable language sql as
      'select ((hashint8extended(n, ${seed}::bigint * 100 + salt) & 2147483647) % below)::int'`)
    await client.query('begin')
    await withoutIndexes(client, async () => {
      for (const workspaceId of workspaces.small)
        await fillWorkspace(client, workspaceId, conversationsOfSmall)
      await fillWorkspace(client, workspaces.large, conversations)
    })
    await client.query('commit')
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}
