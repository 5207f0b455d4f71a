import { sql } from 'kysely'
import type { Db, Writer } from '../../db/db.ts'

/** A mail as it arrived, compressed with Zstandard. */
export type RawMail = Uint8Array

/** Keeps the mail that a message was made from. */
export async function keepRawMail(
  writer: Writer,
  workspaceId: string,
  { id, createdAt }: { id: string; createdAt: Date },
  content: RawMail,
): Promise<void> {
  await writer
    .insertInto('raw_mail')
    .values({
      workspace_id: workspaceId,
      message_id: id,
      content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
      received_at: createdAt,
    })
    .execute()
}

/** Each may have megabytes: a hundred of them took longer than a statement may. */
const maxDeletedMails = 5

/** Deletes mails of all workspaces that were received more than `days` ago, at most 5. Returns how many it deleted. */
export async function deleteOldRawMails(db: Db, days: number): Promise<number> {
  const { rows } = await sql`
    delete from raw_mail where (workspace_id, message_id) in (
      select workspace_id, message_id from raw_mail
      where received_at < statement_timestamp() - make_interval(days => ${days}::int)
      order by received_at limit ${maxDeletedMails}
    ) returning 1`.execute(db)
  return rows.length
}
