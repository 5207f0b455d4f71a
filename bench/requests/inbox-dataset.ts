import pg from 'pg'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { completeContacts, completeConversations } from '../../src/domain/search/complete.ts'
import { makeSegment } from '../../src/domain/search/make-segments.ts'
import { workspaces } from './dataset.ts'

/** Words that so many conversations have: `all` is in the text of each. */
export const planted = {
  one: 'zirconium',
  hundred: 'halibut',
  tenThousand: 'tamarind',
  all: 'conversation',
  pairOfTenth: 'quicksilver quartzite',
  pairOfHalf: 'marigold mandolin',
}

const [tenthA, tenthB] = planted.pairOfTenth.split(' ')
const [halfA, halfB] = planted.pairOfHalf.split(' ')

const agent = (id: string) =>
  `insert into agent (workspace_id, id, name, email) values ($1, '${id}', '${id}', '${id}@example.com')`
const channel = (id: string) =>
  `insert into channel (workspace_id, id, name, source, address) values ($1, '${id}', '${id}', 'EMAIL', '${id}@example.com')`

/** $1: the workspace. Thirty conversations each have a rare agent and a rare channel; another of each has none. */
const plant = [
  agent('agt_sparse'),
  agent('agt_empty'),
  channel('chn_sparse'),
  channel('chn_empty'),
  `create temp table numbered as select id, row_number() over (order by id) as n, count(*) over () as total
    from conversation where workspace_id = $1`,
  `update conversation set channel_id = 'chn_sparse', assigned_to_id = 'agt_sparse'
    from numbered where conversation.workspace_id = $1 and conversation.id = numbered.id and n % (total / 30) = 5`,
  `update message set text = text || words from (
      select id, concat(
        case when n = total / 2 then ' ${planted.one}' end, case when n % (total / 100) = 3 then ' ${planted.hundred}' end,
        case when n % greatest(total / 10000, 1) = 0 then ' ${planted.tenThousand}' end,
        case when n % 10 = 0 or n % (total / 10) = 1 then ' ${tenthA}' end, case when n % 10 = 1 then ' ${tenthB}' end,
        case when n % 2 = 0 or n % (total / 10) = 1 then ' ${halfA}' end, case when n % 2 = 1 then ' ${halfB}' end
      ) as words from numbered
    ) as given where workspace_id = $1 and conversation_id = given.id and message.id = 'msg' || left(substr(given.id, 4), 3)
      || lpad(to_hex((('x' || right(given.id, 16))::bit(64)::bigint) * 64), 24, '0')`,
]

/**
 * Adds what the benchmark of the inbox looks for, and makes it searchable if that is wanted. Returns how long that took, in
 * seconds.
 */
export async function plantInbox(databaseUrl: string, isSearchable: boolean): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  for (const statement of plant)
    await client.query(statement.replaceAll('$1', client.escapeLiteral(workspaces.large)))
  const seconds = isSearchable ? await complete(databaseUrl) : 0
  await client.query('vacuum analyze')
  await client.end()
  return seconds
}

async function complete(databaseUrl: string): Promise<number> {
  const { db, close } = openPostgres(databaseUrl, { statementTimeoutMs: 60_000 })
  const begun = performance.now()
  for (const [run, size] of [
    [completeContacts, 500],
    [completeConversations, 50],
  ] as const) {
    let after: string | null = ''
    while (after !== null) {
      const from: string = after
      after = await db.transaction().execute(writer => run(writer, workspaces.large, { after: from, size }))
    }
  }
  while (await db.transaction().execute(writer => makeSegment(writer, workspaces.large)));
  await close()
  return (performance.now() - begun) / 1_000
}
