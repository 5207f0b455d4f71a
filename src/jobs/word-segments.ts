import type { Db } from '../db/db.ts'
import { joinSegments, makeSegment } from '../domain/search/make-segments.ts'
import { renewSegments } from '../domain/search/renew-segments.ts'
import { workspacesToSegment } from '../domain/search/segment-queue.ts'
import { repeat } from '../runtime/repeat.ts'

const lookEveryMs = 20_000

/**
 * Makes segments of the conversations whose words have changed, while the gateway serves. Until then a search compares them
 * one by one. Several processes may do it at once: each takes other conversations. What fails in one workspace keeps no
 * other from its segments. Closing waits for the running transaction: half a second for a segment, and 20 seconds in the
 * rare case that a million conversations are queued anew. It may be interrupted at any time.
 */
export function makeWordSegments(
  db: Db,
  onError: (error: unknown, where?: object) => void,
): { close(): Promise<void> } {
  async function makeAll(signal: AbortSignal): Promise<void> {
    for (const workspaceId of await workspacesToSegment(db))
      await makeOf(workspaceId, signal).catch(error => onError(error, { workspaceId }))
  }

  async function makeOf(workspaceId: string, signal: AbortSignal): Promise<void> {
    for (const make of [makeSegment, joinSegments])
      while (!signal.aborted && (await db.transaction().execute(writer => make(writer, workspaceId))));
    if (!signal.aborted) await db.transaction().execute(writer => renewSegments(writer, workspaceId))
  }

  const making = repeat(makeAll, { everyMs: lookEveryMs, onError })
  return { close: () => making.stop() }
}
