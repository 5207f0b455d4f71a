import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Db, Writer } from '../db/db.ts'
import { hashOf, newSecret } from '../domain/key/secret.ts'
import { demoAgentId, demoWorkspaceId, documentedRecords } from './documented.ts'
import { insertRecords } from './insert-records.ts'

/**
 * Makes sure that the demo workspace and its key exist, and returns both. The records are written once, in one
 * transaction. A second process that starts at the same time waits and then finds them. The key is set at every start.
 */
export async function seedDemo(
  db: Db,
  { demoApiKey, dataDir }: { demoApiKey: string | null; dataDir: string },
): Promise<{ workspace: string; key: string }> {
  const key = demoApiKey ?? keptKey(join(dataDir, 'demo-api-key'))
  await db.transaction().execute(async writer => {
    if (await claimWorkspace(writer)) {
      // Only the first start needs the names and phrases.
      const { generatedRecords } = await import('./generated.ts')
      await insertRecords(writer, demoWorkspaceId, documentedRecords(), generatedRecords())
    }
    await setKey(writer, key)
  })
  return { workspace: demoWorkspaceId, key }
}

async function claimWorkspace(writer: Writer): Promise<boolean> {
  const created = await writer
    .insertInto('workspace')
    .values({ id: demoWorkspaceId, name: 'Tidy Support' })
    .onConflict(conflict => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  return created !== undefined
}

async function setKey(writer: Writer, key: string): Promise<void> {
  await writer
    .insertInto('api_key')
    .values({
      workspace_id: demoWorkspaceId,
      id: 'key_demo',
      name: 'Demo',
      hash: hashOf(key),
      scopes: ['read', 'write'],
      agent_id: demoAgentId,
    })
    .onConflict(conflict =>
      conflict.columns(['workspace_id', 'id']).doUpdateSet(eb => ({ hash: eb.ref('excluded.hash') })),
    )
    .execute()
}

/** The key in a file that only its owner can read; made on first use. */
function keptKey(path: string): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${newSecret()}\n`, { mode: 0o600 })
  }
  chmodSync(path, 0o600)
  return readFileSync(path, 'utf8').trim()
}
