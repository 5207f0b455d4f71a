import type { Event } from '../domain/event.ts'
import type { Follower } from '../live/follow.ts'

/** What a subscription field answers with: a follower of the log, which reads as an async iterable too. */
export type LogSource<Wanted extends Event> = AsyncIterable<Wanted> & { follower: Follower }

export function logSource<Wanted extends Event = Event>(follower: Follower): LogSource<Wanted> {
  return {
    follower,
    [Symbol.asyncIterator]: () => ({
      next: () => nextOf<Wanted>(follower),
      return: async () => {
        follower.end()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** The next event of a follower, however long it takes; done when the follower was ended. */
export async function nextOf<Wanted extends Event>(
  follower: Follower,
): Promise<IteratorResult<Wanted, undefined>> {
  while (!follower.ended()) {
    const event = await follower.step()
    if (event) return { done: false, value: event as Wanted }
    await follower.moved()
  }
  return { done: true, value: undefined }
}
