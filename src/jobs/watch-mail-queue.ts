import type { Db } from '../db/db.ts'
import { type Queue, queueOf } from '../domain/delivery/queue.ts'
import { repeat } from '../runtime/repeat.ts'

const lookEveryMs = 10_000

/** Looks at the mail queue all the time, so that a scrape of the metrics waits for no database. */
export function watchMailQueue(
  db: Db,
  onError: (error: unknown) => void,
): { /** As it was last seen; null: not yet. */ last(): Queue | null; close(): Promise<void> } {
  let last: Queue | null = null
  async function look(): Promise<void> {
    // What is not known any more is not shown.
    const seen = await queueOf(db).finally(() => {
      last = null
    })
    last = seen
  }
  const looking = repeat(look, { everyMs: lookEveryMs, onError })
  return { last: () => last, close: () => looking.stop() }
}
