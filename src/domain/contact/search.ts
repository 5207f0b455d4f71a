import { sql } from 'kysely'
import type { Db } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { TimedOut } from '../../db/unavailable.ts'
import { withSettings } from '../../db/with-settings.ts'
import { refusal } from '../errors.ts'
import { type Backward, boundsOf, type Keyset, type Page, type PageBounds, paged, restOf } from '../page.ts'
import { type IndexQuery, queryOf } from '../search/lexemes.ts'
import { hasWords, lookUpSettings, ofWorkspace, search, walkedOf } from '../search/probe.ts'
import type { SearchedWord } from '../search/words.ts'
import { type Contact, columns, newestFirst } from './rows.ts'

type Searching = { workspaceId: string; page: PageBounds }
type Walking = Searching & { rows: number; query: string }

/** See walkedOf. */
const walked = reusable((reader, { workspaceId, page, rows, query }: Walking, { backward }: Backward) => {
  const all = reader.selectFrom('contact').where('workspace_id', '=', workspaceId)
  const next = paged(all.selectAll(), newestFirst, { ...page, backward, limit: rows })
  const keys = paged(all.select(['id', 'created_at']), newestFirst, { ...page, backward, limit: rows })
  const matches = reader
    .selectFrom(next.as('contact'))
    .select(columns)
    .where(sql<boolean>`words @@ ${query}::tsquery`)
  const bounds = { limit: page.limit, after: null, before: null, backward }
  const found = paged(matches, newestFirst, bounds).as('found')
  const last = { limit: 1, after: null, before: null, backward: !backward }
  const end = paged(
    reader
      .selectFrom(keys.as('walked'))
      .select(['id as endId', 'created_at as endAt', sql<number>`count(*) over ()`.as('walkedRows')]),
    newestFirst,
    last,
  )
  const both = reader
    .selectFrom(end.as('end'))
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
}, 'last')

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
    walk: async (rows: number, from: Keyset | null) => {
      const values = { workspaceId, page: restOf(bounds, page, from), rows, query: toCompare }
      return walkedOf<Contact>(await walked(db, values, { backward }), rows)
    },
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
