import { expect, onTestFinished, test } from 'vitest'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { searchedContacts } from '../../src/domain/contact/search.ts'
import { searchedPage } from '../../src/domain/conversation/search.ts'
import type { Page } from '../../src/domain/page.ts'
import { searchedWords } from '../../src/domain/search/words.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { openDatabase } from '../support/databases.ts'
import { inboxOnly } from '../support/plans.ts'
import { type Told, tellStories } from '../support/stories.ts'

const size = 1_200

/** Every story has `common`, every tenth `tenth`, and a few old ones have a word of their own. */
const stories = Array.from({ length: size }, (_, index): Told => {
  const rare = index < 40 && index % 2 === 0 ? 'rare' : ''
  const single = index === 7 ? 'single' : ''
  const halves = index === 3 ? 'even odd' : index % 2 === 0 ? 'even' : 'odd'
  return {
    texts: [`common ${index % 10 === 0 ? 'tenth' : ''} ${rare} ${single} ${halves} number${index}x`],
    status: index % 3 === 0 ? 'CLOSED' : 'OPEN',
  }
})

async function told(): Promise<{ database: OpenDatabase; workspaceId: string; statements: string[] }> {
  const statements: string[] = []
  const database = await openDatabase({ log: ({ query }) => void statements.push(query.sql) })
  onTestFinished(database.close)
  const workspaceId = await database.db
    .transaction()
    .execute(writer => createWorkspace(writer, { name: 'Told' }))
  await tellStories(database.db, workspaceId, stories)
  return { database, workspaceId, statements }
}

/** Whether any statement used the index of words. */
const isLookedUp = (statements: string[]) =>
  statements.some(sql => sql.includes('with found as materialized'))

test.for([
  ['common', false],
  ['tenth', false],
  ['rare', true],
  ['single', true],
  ['even odd', true],
  ['common rare', true],
  ['sing', true],
  ['common rar', true],
  ['number11', false],
  ['absent', true],
] as const)(
  'all pages of a search for %s are complete; its word is looked up: %s',
  async ([text, isRare]) => {
    const { database, workspaceId, statements } = await told()
    const words = text.split(' ')
    const expected = stories
      .flatMap(({ texts: [own = ''] }, index) => {
        const has = own.split(' ')
        const [last = '', ...others] = words.toReversed()
        const isFound = others.every(word => has.includes(word)) && has.some(word => word.startsWith(last))
        return isFound ? [`thd_${index}`] : []
      })
      .reverse()
    const order = { by: 'lastMessageAt' as const, descending: true }
    const found: string[] = []
    for (let after: { at: Date; id: string } | null = null; ; ) {
      const page = { size: 20, backward: false, after, before: null }
      const rows = await searchedPage(
        database.reserved,
        workspaceId,
        {
          filter: inboxOnly,
          order,
          page,
          along: { contact: true, agent: true, messages: null, wholeRows: true },
        },
        searchedWords(text),
      )
      // The first page tells which way is taken.
      if (found.length === 0) expect(isLookedUp(statements)).toBe(isRare)
      const shown = rows.slice(0, 20)
      found.push(...shown.map(({ id }) => id))
      const last = shown.at(-1)
      if (rows.length <= 20 || !last) break
      after = { at: last.lastMessageAt, id: last.id }
    }
    expect(found).toEqual(expected)
  },
)

test('a contact among many is looked up by its address, and many are found along the list', async () => {
  const { database, workspaceId, statements } = await told()
  const isByIndex = () =>
    statements.some(statement => statement.includes('select * from contact where (words'))
  const find = (text: string, size: number) =>
    searchedContacts(
      database.reserved,
      workspaceId,
      { size, backward: false, after: null, before: null },
      searchedWords(text),
    )
  expect(await find('example.net', 20)).toHaveLength(21)
  expect(isByIndex()).toBe(false)
  expect((await find('somebody3@example.net', 20)).map(({ id }) => id)).toEqual(['ctc_3'])
  expect(isByIndex()).toBe(true)
})

test('contacts that are found along the list come in its order, from both ends and from a place on', async () => {
  const { database, workspaceId } = await told()
  const all = await database.reserved
    .selectFrom('contact')
    .select(['id', 'created_at as at'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  const find = async (bounds: Partial<Page>) => {
    const page = { size: 20, backward: false, after: null, before: null, ...bounds }
    const rows = await searchedContacts(database.reserved, workspaceId, page, searchedWords('example.net'))
    return rows.map(({ id }) => id)
  }
  const ids = all.map(({ id }) => id)
  const [tenth = null] = all.slice(9)
  expect(await find({})).toEqual(ids.slice(0, 21))
  expect(await find({ backward: true })).toEqual(ids.toReversed().slice(0, 21))
  expect(await find({ after: tenth })).toEqual(ids.slice(10, 31))
  expect(await find({ before: tenth, backward: true })).toEqual(ids.slice(0, 9).toReversed())
})
