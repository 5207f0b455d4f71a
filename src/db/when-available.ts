import { setTimeout as after } from 'node:timers/promises'
import { Busy, Unavailable } from './unavailable.ts'

const retryAfterMs = 250

/**
 * Work of a subscription that may come later: it is tried again for as long as its own key is too busy, and once if the
 * database is unavailable.
 *
 * @throws Unavailable; the signal's reason when it aborts; any other error of the attempt
 */
export async function whenAvailable<Result>(
  attempt: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  let unavailable = 0
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof Unavailable) unavailable++
      else if (!(error instanceof Busy)) throw error
      if (unavailable > 1) throw error
      await after(retryAfterMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }
}
