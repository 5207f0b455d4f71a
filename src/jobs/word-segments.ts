import type { Db } from '../db/db.ts'
import { joinSegments, makeSegment } from '../domain/search/make-segments.ts'
import { renewSegments } from '../domain/search/renew-segments.ts'
import { workspacesToSegment } from '../domain/search/segment-queue.ts'
import { repeat } from '../runtime/repeat.ts'

const lookEveryMs = 20_000

/**
 * Makes segments of the conversations whose words have changed, while the gateway serves. Until then a search compares them
 * one by one. Several processes may do it at once: each takes other conversations. What fails in one workspace keeps no
 * other from its segments.
 */
export function makeWordSegments(db: Db, onError: (error: unknown) => void): { close(): Promise<void> } {
  async function makeAll(signal: AbortSignal): Promise<void> {
    for (const id of await workspacesToSegment(db)) await makeOf(id, signal).catch(onError)
  }

  async function makeOf(workspaceId: string, signal: AbortSignal): Promise<void> {
    for (const make of [makeSegment, joinSegments])
      while (!signal.aborted && (await db.transaction().execute(writer => make(writer, workspaceId))));
    if (!signal.aborted) await db.transaction().execute(writer => renewSegments(writer, workspaceId))
  }

  const making = repeat(makeAll, { everyMs: lookEveryMs, onError })
  return { close: () => making.stop() }
}
