import { setTimeout as after, setImmediate as afterReading } from 'node:timers/promises'

/**
 * The value of a promise, or undefined if it takes longer than this many milliseconds. What has arrived by then is read
 * first, so that no answer is late because this process was busy.
 */
export async function within<Value>(
  milliseconds: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  const timer = new AbortController()
  const timeout = after(milliseconds, undefined, timer)
    .then(() => afterReading(undefined))
    .catch(() => undefined)
  return Promise.race([promise, timeout]).finally(() => timer.abort())
}
