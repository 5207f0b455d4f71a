import type { Event } from '../../../domain/event/rows.ts'
import type { Follower } from '../../../live/follow.ts'

/** The source of a subscription field: a follower of the log that can also be read as an async iterable. */
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

/** The next event of a follower, after any wait; done: the follower has ended. */
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
