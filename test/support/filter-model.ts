import fc from 'fast-check'
import { expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { insertRecords } from '../../src/demo/insert-records.ts'
import type { ConversationOrder } from '../../src/domain/conversation/branches.ts'
import { countConversations } from '../../src/domain/conversation/count.ts'
import type { ConversationFilter } from '../../src/domain/conversation/filter.ts'
import { conversationPage, conversationPages } from '../../src/domain/conversation/list.ts'
import type { Conversation } from '../../src/domain/conversation/rows.ts'
import { searchedPage } from '../../src/domain/conversation/search.ts'
import type { Keyset, Page } from '../../src/domain/page.ts'
import { searchedWords } from '../../src/domain/search/words.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { filter, hasWords, idsInOrder, inbox, isMatch, type Known, order, search } from './random-inbox.ts'

const along = { contact: true, agent: true, messages: null, wholeRows: true }

type Read = (page: Page) => Promise<Conversation[]>

/** Reads all pages of a list, forward or backward, and returns the ids in the order of the list. */
async function allPages(read: Read, by: ConversationOrder['by'], size: number, backward: boolean) {
  const ids: string[] = []
  let position: Keyset | null = null
  for (;;) {
    const bounds: Pick<Page, 'after' | 'before'> = backward
      ? { after: null, before: position }
      : { after: position, before: null }
    const rows = await read({ size, backward, ...bounds })
    const shown = rows.slice(0, size)
    ids.push(...shown.map(({ id }) => id))
    const last = shown.at(-1)
    if (rows.length <= size || !last) return backward ? ids.reverse() : ids
    position = { at: last[by], id: last.id }
  }
}

/** Compares filters on a random inbox with the same filter over rows in memory. */
export async function expectModel(db: Db, inboxes: number, filtersOfEach: number): Promise<void> {
  const drawn = fc.sample(inbox, inboxes)
  const asked = fc.record({ filter, order, text: search, size: fc.integer({ min: 1, max: 40 }) })
  for (const { records, conversations } of drawn) {
    const workspaceId = await db.transaction().execute(async writer => {
      const id = await createWorkspace(writer, { name: 'Random' })
      await insertRecords(writer, id, records)
      return id
    })
    for (const each of fc.sample(asked, filtersOfEach)) await expectSame(db, workspaceId, conversations, each)
  }
}

type Asked = { filter: ConversationFilter; order: ConversationOrder; text: string | null; size: number }

async function expectSame(
  db: Db,
  workspaceId: string,
  conversations: readonly Known[],
  { filter, order, text, size }: Asked,
): Promise<void> {
  const told = JSON.stringify({ filter, order, text, size })
  const matching = conversations.filter(each => isMatch(each, filter))
  const found = text === null ? matching : matching.filter(each => hasWords(each, text))
  const read: Read = page =>
    text === null
      ? conversationPage(db, workspaceId, { filter, order, page, along })
      : searchedPage(db, workspaceId, { filter, order, page, along }, searchedWords(text))
  for (const backward of [false, true])
    expect(await allPages(read, order.by, size, backward), told).toEqual(idsInOrder(found, order))
  expect(await countConversations(db, workspaceId, filter), told).toEqual({
    atLeast: matching.length,
    isExact: true,
  })
  for (const [parent, of] of [
    ['contact', 'contactId'],
    ['agent', 'assignedToId'],
  ] as const) {
    const ids = [...new Set(conversations.flatMap(each => each[of] ?? []))]
    const page = { size: 100, backward: false, after: null, before: null }
    const rows = await conversationPages(db, workspaceId, ids, { parent, filter, order, page, along })
    for (const id of ids)
      expect(
        rows.filter(row => row[of] === id).map(row => row.id),
        told,
      ).toEqual(
        idsInOrder(
          matching.filter(each => each[of] === id),
          order,
        ).slice(0, 101),
      )
  }
}
