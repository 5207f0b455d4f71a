import { sql } from 'kysely'
import type { Db, Reader, Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { withSettings } from '../../db/with-settings.ts'

/** A segment is made of so many queued conversations. Until then each search compares them one by one: 1 ms. */
export const minQueued = 256

const queued = reusable(
  (
    _: Writer,
    { workspaceId, conversationIds }: { workspaceId: string; conversationIds: readonly string[] },
  ) => sql`
    insert into word_segment_queue (workspace_id, conversation_id)
    select ${workspaceId}, unnest(${conversationIds}::text[])`,
  'ahead',
)

/** Puts conversations into the queue for segments, in the transaction that changes their words. */
export async function queueForSegments(
  writer: Writer,
  workspaceId: string,
  conversationIds: readonly string[],
): Promise<void> {
  await queued(writer, { workspaceId, conversationIds })
}

/** For a queue of many millions, as after a migration. */
const lookSettings = { statement_timeout: '60000' }

const workspaces = reusable(
  (reader: Reader, _: object) =>
    reader
      .selectFrom('word_segment_queue')
      .select('workspace_id as id')
      .groupBy('workspace_id')
      .having(eb => eb.fn.countAll<number>(), '>=', minQueued),
  'last',
)

/** The workspaces of which enough conversations are queued for a segment. It counts those of all workspaces. */
export async function workspacesToSegment(db: Db): Promise<string[]> {
  const rows = await withSettings(db, lookSettings, reader => workspaces(reader, {}))
  return rows.map(({ id }) => id)
}
