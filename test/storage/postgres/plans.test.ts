import { type CompiledQuery, sql } from 'kysely'
import pg from 'pg'
import { test as base, expect, onTestFinished } from 'vitest'
import { fillDatabase } from '../../../bench/requests/dataset.ts'
import type { Db } from '../../../src/db/db.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { contactsByIds } from '../../../src/domain/contact/rows.ts'
import { nothingAlong } from '../../../src/domain/conversation/along.ts'
import { partsOf } from '../../../src/domain/conversation/filter.ts'
import { keptSizeOf } from '../../../src/domain/conversation/kept-plan.ts'
import { conversationPage, conversationPages } from '../../../src/domain/conversation/list.ts'
import { conversationsByIds } from '../../../src/domain/conversation/rows.ts'
import { searchedPage } from '../../../src/domain/conversation/search.ts'
import { walked } from '../../../src/domain/conversation/search-queries.ts'
import { messagePages } from '../../../src/domain/message/pages.ts'
import { lexemesOf, queryOf } from '../../../src/domain/search/lexemes.ts'
import { searchedWords } from '../../../src/domain/search/words.ts'
import { newPostgresDatabase } from '../../support/databases.ts'
import { inboxFilter, inboxFilters, keptPlanOf, planOf } from '../../support/plans.ts'

const conversations = 20_000
const brief = { status: true, preview: true, textBytes: false, text: false, wholeRows: false }
const lastMessages = { backward: true, limit: 3, columns: brief }
const workspaceId = 'wrk_bench0'

/** Many workspaces with one of everything: what PostgreSQL expects of a workspace is far from what the large one has. */
const tinyWorkspaces = `
  insert into workspace (id, name) select 'wrk_tiny' || n, 'Tiny' from generate_series(1, 20000) n;
  insert into agent (workspace_id, id, name, email)
    select 'wrk_tiny' || n, 'agt_tiny' || n, 'Tiny', 'tiny@example.com' from generate_series(1, 20000) n;
  insert into contact (workspace_id, id, email)
    select 'wrk_tiny' || n, 'ctc_tiny' || n, 'tiny@example.com' from generate_series(1, 20000) n;
  insert into conversation (workspace_id, id, contact_id, status, source, is_unread, last_message_at,
      last_message_preview, created_at, updated_at)
    select 'wrk_tiny' || n, 'thd_tiny' || n, 'ctc_tiny' || n, 'OPEN', 'EMAIL', true, now(), '', now(), now()
    from generate_series(1, 20000) n`

/** A word of all conversations, and one of every hundredth. */
const [often = '', seldom = ''] = lexemesOf(workspaceId, ['often', 'seldom'])
const words = `
  insert into conversation_words (workspace_id, conversation_id, words, is_complete)
    select workspace_id, id, array_to_tsvector(case when row_number() over (order by id) % 100 = 0
      then array['${often}', '${seldom}'] else array['${often}'] end), true
    from conversation where workspace_id = '${workspaceId}';
  insert into conversation_words (workspace_id, conversation_id, words, is_complete)
    select workspace_id, id, array_to_tsvector(array['tiny']), true
    from conversation where workspace_id <> '${workspaceId}'`

/** A database of 20,000 conversations, and the statements that are executed on it. */
// biome-ignore lint/correctness/noEmptyPattern: the runner reads the fixtures that are needed from the pattern
const test = base.extend('filled', { scope: 'file' }, async ({}, { onCleanup }) => {
  const url = await newPostgresDatabase()
  await fillDatabase(new pg.Client({ connectionString: url }), conversations)
  const queries: CompiledQuery[] = []
  const { reserved: db, close } = openPostgres(url, { log: ({ query }) => void queries.push(query) })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(tinyWorkspaces)
  await client.query(words)
  await client.query('analyze')
  onCleanup(async () => void (await Promise.all([close(), client.end()])))
  return { db, client, queries, url }
})

test.for(Object.keys(inboxFilters))(
  'an index gives the list of %s in its order, and little more is read than shown',
  { timeout: 120_000 },
  async (name, { filled: { db, client, queries } }) => {
    for (const [size, backward] of [
      [20, false],
      [20, true],
      [100, false],
    ] as const) {
      queries.length = 0
      const page = { size, backward, after: null, before: null }
      const along = { contact: true, agent: true, messages: lastMessages, wholeRows: true }
      const rows = await conversationPage(db, workspaceId, { ...inboxFilter(name), page, along })
      const [query] = queries
      if (!query) throw new Error('Nothing was executed.')
      for (const plan of [await planOf(client, query), await keptPlanOf(client, query)]) {
        expect(plan, name).toMatchObject({ isScanned: false, returned: rows.length })
        expect(Math.max(plan.read, plan.sorted), name).toBeLessThanOrEqual(2 * rows.length + 50)
        // A contact, an agent and three messages of each.
        expect(plan.readAlong, name).toBeLessThanOrEqual(5 * plan.read)
      }
    }
  },
)

test.for(Object.keys(inboxFilters))(
  'a walk along the list of %s reads the words of no more rows than it walks',
  { timeout: 120_000 },
  async (name, { filled: { db, client, queries } }) => {
    const { filter, order } = inboxFilter(name)
    const parts = partsOf(filter)
    if (!parts) throw new Error('The filter matches nothing.')
    const { toCompare: query } = queryOf(workspaceId, searchedWords('seldom often'))
    const page = { limit: 21, after: null, before: null }
    const isIndexed = keptSizeOf(parts, { filter, order, parent: null }, page.limit) !== null
    for (const rows of [250, 1_000, 7_750]) {
      queries.length = 0
      const shape = { filter: parts.shape, order, backward: false, along: nothingAlong, isIndexed }
      await walked(db, { workspaceId, filter: parts.values, page, rows, query }, shape)
      const [statement] = queries
      if (!statement) throw new Error('Nothing was executed.')
      if (isIndexed) await client.query('set enable_sort = off')
      const plan = await (isIndexed ? keptPlanOf : planOf)(client, statement)
      await client.query('reset enable_sort')
      expect(plan.readAlong, name).toBeLessThanOrEqual(rows)
      // Each branch of the list may give one row more, and those that are shown are read once more.
      if (isIndexed) expect(plan.read, name).toBeLessThanOrEqual(rows + 12 + 21)
    }
  },
)

/** What pages read: lists, the walks of searches, one nested list, the lists of many, and rows by their ids. */
async function readPages(db: Db): Promise<void> {
  const page = { size: 20, backward: false, after: null, before: null }
  const along = { contact: true, agent: true, messages: lastMessages, wholeRows: false }
  const rows: { id: string; contactId: string }[] = []
  for (const name of [
    'all statuses',
    'no filter',
    'status',
    'unread',
    'agent',
    'channel + status',
    'contact',
  ])
    rows.push(...(await conversationPage(db, workspaceId, { ...inboxFilter(name), page, along })))
  const [conversation] = rows
  if (!conversation) throw new Error('There is no conversation.')
  const { id, contactId } = conversation
  const messages = {
    ...brief,
    directions: null,
    rowBeyond: true,
    page: { ...page, size: 3, backward: true },
  }
  await messagePages(
    db,
    workspaceId,
    rows.slice(0, 20).map(row => row.id),
    messages,
  )
  await messagePages(db, workspaceId, [id], { ...messages, text: true, page: { ...page, size: 50 } })
  await searchedPage(db, workspaceId, { ...inboxFilter('no filter'), page, along }, searchedWords('often'))
  const history = { ...inboxFilter('all statuses'), parent: 'contact' as const, page, along }
  await conversationPages(db, workspaceId, [contactId], history)
  await conversationsByIds(db, workspaceId, [id], along)
  await contactsByIds(db, workspaceId, [contactId])
}

test('a connection keeps the plans of what pages read', async ({ filled: { url } }) => {
  const { db, close } = openPostgres(url, { poolSize: 1, namedStatements: true })
  onTestFinished(close)
  // A plan is kept from the sixth execution on, and a statement has a name from the third on.
  for (let round = 0; round < 10; round++) await readPages(db)
  const { rows } = await sql<{ statement: string; kept: boolean }>`
    select statement, generic_plans > 0 as kept from pg_prepared_statements`.execute(db)
  expect(rows.length).toBeGreaterThanOrEqual(13)
  expect(rows.filter(({ kept }) => !kept)).toEqual([])
})
