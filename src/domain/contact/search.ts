import { sql } from 'kysely'
import type { Db } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { TimedOut } from '../../db/unavailable.ts'
import { withSettings } from '../../db/with-settings.ts'
import { refusal } from '../errors.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged } from '../page.ts'
import { type IndexQuery, queryOf } from '../search/lexemes.ts'
import { hasWords, lookUpSettings, ofWorkspace, search, type WalkRows, walkedOf } from '../search/probe.ts'
import type { SearchedWord } from '../search/words.ts'
import { type Contact, columns, newestFirst } from './rows.ts'

type Searching = { workspaceId: string; page: PageBounds }
type Walking = Searching & { rows: WalkRows; query: string }

/** See walkedOf. */
const walked = reusable((reader, { workspaceId, page, rows, query }: Walking, { backward }: Backward) => {
  const all = reader.selectFrom('contact').where('workspace_id', '=', workspaceId)
  const next = paged(all.selectAll(), newestFirst, { ...page, backward, limit: rows })
  const ids = paged(all.select('id'), newestFirst, { ...page, backward, limit: rows })
  const matches = reader
    .selectFrom(next.as('contact'))
    .select(columns)
    .where(sql<boolean>`words @@ ${query}::tsquery`)
  const bounds = { limit: page.limit, after: null, before: null, backward }
  const found = paged(matches, newestFirst, bounds).as('found')
  const whole = sql<{ walkedRows: number }>`(select count(*) as "walkedRows" from (${ids}) as walked)`
  const both = reader
    .selectFrom(whole.as<'whole'>(sql`whole`))
    .leftJoin(found, join => join.onTrue())
    .selectAll()
  return paged(both, { ...newestFirst, column: 'createdAt' }, bounds)
})

type LookingUp = Searching & { query: IndexQuery }

const lookedUp = reusable((reader, { workspaceId, page, query }: LookingUp, { backward }: Backward) => {
  // A table of its own, so that the index of words is used and not that of the order.
  const found = sql<Contact & { workspace_id: string; created_at: Date; avatar_url: string | null }>`(
    with found as materialized (
      select * from contact where ${hasWords(query)} and ${ofWorkspace(workspaceId)}
    ) select * from found
  )`
  const all = reader
    .selectFrom(found.as('found'))
    .select(['id', 'email', 'name', 'avatar_url as avatarUrl', 'created_at as createdAt'])
  return paged(all, newestFirst, { ...page, backward })
})

/**
 * One page of a workspace's contacts whose name and address have all of these words, newest first; see `paged`.
 * @throws Refusal LIMIT_EXCEEDED if it takes longer than a statement may
 */
export async function searchedContacts(
  db: Db,
  workspaceId: string,
  page: Page,
  words: readonly SearchedWord[],
): Promise<Contact[]> {
  const { toCompare, toLookUp } = queryOf(workspaceId, words)
  const bounds = boundsOf(page)
  const searching = { workspaceId, page: bounds }
  const { backward } = page
  const list = {
    isIndexed: true,
    walk: async (rows: WalkRows) =>
      walkedOf<Contact>(await walked(db, { ...searching, rows, query: toCompare }, { backward }), rows),
    lookUp: () =>
      withSettings(db, lookUpSettings, reader =>
        lookedUp(reader, { ...searching, query: toLookUp }, { backward }),
      ),
  }
  try {
    return await search(list, bounds.limit)
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error
    throw refusal('LIMIT_EXCEEDED', 'This search takes too long. Write more letters of its words.', 'search')
  }
}
