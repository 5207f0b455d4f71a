import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { nothingAlong } from '../../../src/domain/conversation/along.ts'
import { searchedPage } from '../../../src/domain/conversation/search.ts'
import { lexemesOf } from '../../../src/domain/search/lexemes.ts'
import { searchedWords } from '../../../src/domain/search/words.ts'
import { createWorkspace } from '../../../src/domain/workspace/create.ts'
import { openDatabase } from '../../support/databases.ts'
import { inboxOnly } from '../../support/plans.ts'

const size = 12_000
/** Three of the first 250 have the word, so the search walks 4,400 more, and then 1,000. */
const every = 104
/** The first two walks find 45: what comes behind them must be on the page. */
const pageSize = 50

test('a long walk along two merged lists, of very different lengths, misses nothing', async () => {
  const { db, close } = await openDatabase()
  onTestFinished(close)
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Walked' }))
  const [often = ''] = lexemesOf(workspaceId, ['often'])
  await sql`insert into contact (workspace_id, id, email) values (${workspaceId}, 'ctc_a', 'a@example.com')`.execute(
    db,
  )
  // The newest are unread, so the list of those that are read begins far behind.
  await sql`
    insert into conversation (workspace_id, id, contact_id, status, source, is_unread, last_message_at,
      last_message_preview, created_at, updated_at)
    select ${workspaceId}, 'thd_' || n, 'ctc_a', 'OPEN', 'CHAT', n > 3000, at, '', at, at
    from (select n, timestamptz '2024-01-01Z' + n * interval '1 min' as at from generate_series(1, ${size}::int) as n) as given`.execute(
    db,
  )
  await sql`
    insert into conversation_words (workspace_id, conversation_id, words, is_complete)
    select ${workspaceId}, 'thd_' || n, array_to_tsvector(case when n % ${every}::int = 0 then array[${often}] else '{}' end), true
    from generate_series(1, ${size}::int) as n`.execute(db)
  const found: string[] = []
  for (let after: { at: Date; id: string } | null = null; ; ) {
    const rows = await searchedPage(
      db,
      workspaceId,
      {
        filter: { ...inboxOnly, status: ['OPEN'] },
        order: { by: 'lastMessageAt', descending: true },
        page: { size: pageSize, backward: false, after, before: null },
        along: nothingAlong,
      },
      searchedWords('often'),
    )
    const shown = rows.slice(0, pageSize)
    found.push(...shown.map(({ id }) => id))
    const last = shown.at(-1)
    if (rows.length <= pageSize || !last) break
    after = { at: last.lastMessageAt, id: last.id }
  }
  const expected = Array.from(
    { length: Math.floor(size / every) },
    (_, index) => `thd_${(index + 1) * every}`,
  ).reverse()
  expect(found).toEqual(expected)
})
