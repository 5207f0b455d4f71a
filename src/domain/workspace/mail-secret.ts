import type { Reader } from '../../db/db.ts'

/** The 32 random bytes that sign the addresses to which reports about a workspace's mail come back. */
export async function mailSecret(reader: Reader, workspaceId: string): Promise<Uint8Array> {
  const { secret } = await reader
    .selectFrom('workspace')
    .select('mail_secret as secret')
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow()
  return secret
}
