import { type SelectQueryBuilder, sql } from 'kysely'

/** The position of a row in a list that is sorted by time: its time, and its id among rows of the same time. */
export type Keyset = { at: Date; id: string }

/**
 * A page of a list, with positions of the list's own kind. `backward` counts `size` from the end. The rows at `after`
 * and `before` are not part of the page; null: no bound.
 */
export type Page<Position = Keyset> = {
  size: number
  backward: boolean
  after: Position | null
  before: Position | null
}

/** A page as values of a statement: `limit` is one row more than the page holds, if somebody asks whether there is one. */
export type PageBounds = { limit: number; after: Keyset | null; before: Keyset | null }

/** The direction of a page, which is part of the text of a statement. */
export type Backward = Pick<Page, 'backward'>

export const boundsOf = ({ size, after, before }: Page, rowBeyond = true): PageBounds => ({
  limit: rowBeyond ? size + 1 : size,
  after,
  before,
})

/** The rest of a page behind a position within it; null: the whole page. */
export const restOf = (bounds: PageBounds, { backward }: Backward, from: Keyset | null): PageBounds =>
  from === null ? bounds : { ...bounds, [backward ? 'before' : 'after']: from }

/** The time column that a list is sorted by, and its direction. Equal times are sorted by id in the same direction. */
export type Sort = { column: string; descending: boolean }

/**
 * Narrows a select to a page, by keyset, so that every page costs the same. Rows begin where the page begins, so a
 * backward page comes in reverse.
 */
export function paged<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  sort: Sort,
  { backward, limit, after, before }: PageBounds & Backward,
): SelectQueryBuilder<DB, TB, O> {
  const column = sql.ref(sort.column)
  const id = sql.ref('id')
  const beyond = sql.raw(sort.descending ? '<' : '>')
  const short = sql.raw(sort.descending ? '>' : '<')
  const direction = sort.descending === backward ? 'asc' : 'desc'
  return query
    .$if(after !== null, q =>
      q.where(sql<boolean>`(${column}, ${id}) ${beyond} (${after?.at}, ${after?.id})`),
    )
    .$if(before !== null, q =>
      q.where(sql<boolean>`(${column}, ${id}) ${short} (${before?.at}, ${before?.id})`),
    )
    .orderBy(column, direction)
    .orderBy(id, direction)
    .limit(limit)
}
