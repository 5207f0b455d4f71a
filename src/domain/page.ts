import { type SelectQueryBuilder, sql } from 'kysely'

/** Where a row stands in a list: its time, and its id among rows of the same time. */
export type Key = { at: Date; id: string }

/** A stretch of a list. `backward` counts `size` from its end; `after` and `before` are excluded; null: open. */
export type Page = { size: number; backward: boolean; after: Key | null; before: Key | null }

/** The time column that a list is sorted by, and the way it runs. Ties go by id in the same direction. */
export type Sort = { column: string; descending: boolean }

/**
 * Narrows a select to a page, by keyset, so that it costs the same wherever the page lies. Answers one row more than
 * the page holds where there is one, nearest to where the page begins first: backward pages come in reverse.
 */
export function paged<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  sort: Sort,
  page: Page,
): SelectQueryBuilder<DB, TB, O> {
  const column = sql.ref(sort.column)
  const id = sql.ref('id')
  const beyond = sql.raw(sort.descending ? '<' : '>')
  const short = sql.raw(sort.descending ? '>' : '<')
  const direction = sort.descending === page.backward ? 'asc' : 'desc'
  return query
    .$if(page.after !== null, q =>
      q.where(sql<boolean>`(${column}, ${id}) ${beyond} (${page.after?.at}, ${page.after?.id})`),
    )
    .$if(page.before !== null, q =>
      q.where(sql<boolean>`(${column}, ${id}) ${short} (${page.before?.at}, ${page.before?.id})`),
    )
    .orderBy(column, direction)
    .orderBy(id, direction)
    .limit(page.size + 1)
}
