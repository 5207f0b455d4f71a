import type { Db } from '../db/db.ts'
import { createKey } from '../domain/key/create.ts'
import { demoAgentId, demoWorkspaceId } from './documented.ts'

const name = 'Inbox page'
const dayMs = 24 * 60 * 60 * 1_000

/** Creates the key that the printed address of the demo carries. It ends after a day. Those of earlier starts go on. */
export async function createPageKey(db: Db): Promise<string> {
  return db.transaction().execute(async writer => {
    await writer
      .deleteFrom('api_key')
      .where('workspace_id', '=', demoWorkspaceId)
      .where('name', '=', name)
      .where('expires_at', '<', new Date())
      .execute()
    const { secret } = await createKey(writer, demoWorkspaceId, {
      name,
      scopes: ['read', 'write'],
      agentId: demoAgentId,
      expiresAt: new Date(Date.now() + dayMs),
    })
    return secret
  })
}
