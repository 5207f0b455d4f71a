/** A row that another row names, and that therefore exists: what conversations and events point to is never deleted. */
export async function present<Row>(row: Promise<Row | null>, id: string): Promise<Row> {
  const found = await row
  if (!found) throw new Error(`${id} is referred to and does not exist.`)
  return found
}
