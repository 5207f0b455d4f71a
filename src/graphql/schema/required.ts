/**
 * Loads a row that another row refers to. It exists, because such rows are never deleted.
 * @throws Error if it does not
 */
export async function required<Row>(row: Promise<Row | null>, id: string): Promise<Row> {
  const found = await row
  if (!found) throw new Error(`${id} is referenced but does not exist.`)
  return found
}
