import { sql } from 'kysely'
import type { Db } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { withSettings } from '../../db/with-settings.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged } from '../page.ts'
import { queryOf } from '../search/lexemes.ts'
import { lookUpSettings, search } from '../search/probe.ts'
import type { SearchedWord } from '../search/words.ts'
import { type Contact, columns, newestFirst } from './rows.ts'

type Searching = { workspaceId: string; page: PageBounds; query: string }

const walked = reusable(
  (
    reader,
    { workspaceId, page, skipped, rows, query }: Searching & { skipped: number; rows: number },
    { backward }: Backward,
  ) => {
    const next = paged(
      reader.selectFrom('contact').selectAll().where('workspace_id', '=', workspaceId),
      newestFirst,
      { ...page, backward, limit: rows },
    ).offset(skipped)
    return paged(
      reader.selectFrom(next.as('contact')).select(columns).where(sql<boolean>`words @@ ${query}::tsquery`),
      newestFirst,
      { limit: page.limit, after: null, before: null, backward },
    )
  },
)

const beyond = reusable(
  (
    reader,
    { workspaceId, page, skipped }: Omit<Searching, 'query'> & { skipped: number },
    { backward }: Backward,
  ) =>
    paged(reader.selectFrom('contact').select('id').where('workspace_id', '=', workspaceId), newestFirst, {
      ...page,
      backward,
    }).offset(skipped),
)

const lookedUp = reusable((reader, { workspaceId, page, query }: Searching, { backward }: Backward) =>
  paged(
    reader
      .selectFrom('contact')
      .select(columns)
      .where('workspace_id', '=', workspaceId)
      .where(sql<boolean>`words @@ ${query}::tsquery`),
    newestFirst,
    {
      ...page,
      backward,
    },
  ),
)

/** One page of a workspace's contacts whose name and address have all of these words, newest first; see `paged`. */
export async function searchedContacts(
  db: Db,
  workspaceId: string,
  page: Page,
  words: readonly SearchedWord[],
): Promise<Contact[]> {
  const { toCompare, toLookUp } = queryOf(workspaceId, words)
  const searching = { workspaceId, page: boundsOf(page), query: toCompare }
  const { backward } = page
  const one = { ...searching.page, limit: 1 }
  const list = {
    walk: (skipped: number, rows: number) => walked(db, { ...searching, skipped, rows }, { backward }),
    isLongerThan: async (skipped: number) =>
      (await beyond(db, { workspaceId, page: one, skipped }, { backward })).length > 0,
    lookUp: () =>
      withSettings(db, lookUpSettings, reader =>
        lookedUp(reader, { ...searching, query: toLookUp }, { backward }),
      ),
  }
  return search(list, searching.page.limit)
}
