import type { Db } from '../db/db.ts'
import { joinSegments, makeSegment } from '../domain/search/make-segments.ts'
import { markSegmented, workspacesToSegment } from '../domain/search/segment-queue.ts'
import { repeat } from '../runtime/repeat.ts'

const lookEveryMs = 10_000

/**
 * Makes segments of the conversations whose words have changed, while the gateway serves. Until then a search compares them
 * one by one. Several processes may do it at once: each takes other conversations.
 */
export function makeWordSegments(db: Db, onError: (error: unknown) => void): { close(): Promise<void> } {
  async function makeAll(signal: AbortSignal): Promise<void> {
    for (const { id, revision } of await workspacesToSegment(db)) {
      await repeatedly(makeSegment, id, signal)
      await repeatedly(joinSegments, id, signal)
      if (signal.aborted) return
      await db.transaction().execute(writer => markSegmented(writer, id, revision))
    }
  }

  async function repeatedly(
    make: typeof joinSegments,
    workspaceId: string,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted && (await db.transaction().execute(writer => make(writer, workspaceId))));
  }

  const making = repeat(makeAll, { everyMs: lookEveryMs, onError })
  return { close: () => making.stop() }
}
