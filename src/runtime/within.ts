import { setTimeout as after } from 'node:timers/promises'

/** The value of a promise, or undefined if it takes longer than this many milliseconds. */
export async function within<Value>(
  milliseconds: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  const timer = new AbortController()
  const timeout = after(milliseconds, undefined, timer).catch(() => undefined)
  return Promise.race([promise, timeout]).finally(() => timer.abort())
}
