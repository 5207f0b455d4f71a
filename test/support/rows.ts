import type { Db } from '../../src/db/db.ts'

/** How many rows of each kind a workspace has. */
export async function rowsOf(db: Db, workspaceId: string) {
  const count = async (table: 'conversation' | 'contact' | 'message' | 'event') => {
    const rows = await db
      .selectFrom(table)
      .select('workspace_id')
      .where('workspace_id', '=', workspaceId)
      .execute()
    return rows.length
  }
  return {
    conversations: await count('conversation'),
    contacts: await count('contact'),
    messages: await count('message'),
    events: await count('event'),
  }
}
