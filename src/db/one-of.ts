import { type RawBuilder, sql } from 'kysely'

/**
 * Whether a column has one of these values. The text of the statement does not depend on how many there are, so the
 * database can keep it prepared.
 */
export const oneOf = (column: string, values: readonly (string | number)[]): RawBuilder<boolean> =>
  sql<boolean>`${sql.ref(column)} = any(${values})`
