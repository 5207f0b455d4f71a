import { type AliasedRawBuilder, type RawBuilder, sql } from 'kysely'

/**
 * Values that a column is compared with. How many there are is not part of a statement's text, so the database can keep it
 * prepared; but it expects ten of them, and would plan a statement for a single one anew each time. So that is another
 * text.
 */
export type OneOrMany<Value> = { one: Value; many: null } | { one: null; many: readonly Value[] }

export function oneOrMany<Value>(values: readonly Value[]): OneOrMany<Value> {
  const [one] = values
  return values.length === 1 && one !== undefined ? { one, many: null } : { one: null, many: values }
}

/** Whether a column has one of these values. */
export const oneOf = (column: string, { one, many }: OneOrMany<string | number>): RawBuilder<boolean> =>
  one === null ? sql<boolean>`${sql.ref(column)} = any(${many})` : sql<boolean>`${sql.ref(column)} = ${one}`

/** The parents of nested lists as rows `parent(id)`. */
export const parentRows = ({ one, many }: OneOrMany<string>): AliasedRawBuilder<{ id: string }, 'parent'> => {
  const ids = one === null ? sql`${many}::text[]` : sql`array[${one}::text]`
  return sql<{ id: string }>`unnest(${ids})`.as<'parent'>(sql`parent(id)`)
}
