/**
 * Loads a row that another row refers to. It exists, because such rows are never deleted.
 * @throws Error if it does not
 */
export async function required<Row>(row: Promise<Row | null>, id: string): Promise<Row> {
  const found = await row
  if (!found) throw new Error(`${id} is referenced but does not exist.`)
  return found
}

/**
 * A column that is only read where an operation selects a field that needs it.
 * @throws Error if it was not read: the field must say so (`needsWholeRow`), or `plannedRows` look for it
 */
export function wasRead<Value>(column: Value | undefined): Value {
  if (column === undefined) throw new Error('A field needs a column that was not read for it.')
  return column
}
