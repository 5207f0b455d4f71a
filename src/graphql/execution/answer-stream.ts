import type { Answer } from '../../live/answer.ts'
import type { Subscriber } from '../../live/subscriber.ts'

/** The answers of an open subscription: pulled one by one with `next`, or pushed to a subscriber with `attach`. */
export type AnswerStream = AsyncIterableIterator<Answer, undefined> & {
  /** The cursor up to which everything has been answered; null: the answers are not from the log. */
  position(): string | null
  /** Sends every answer to the subscriber from now on. Not to be used together with `next`. */
  attach(subscriber: Subscriber): void
  /** False as soon as the stream has ended, before `ended` resolves. */
  isOpen(): boolean
  /** Resolves when the stream has ended, by its source or by `return`. */
  ended: Promise<void>
}

/** The parts of a stream. `next` returns undefined at the end. `end` is called once, however the stream ends. */
type Source = Pick<AnswerStream, 'position' | 'attach'> & {
  next(): Promise<Answer | undefined>
  end(): void
}

export function answerStream({ next, position, attach, end }: Source): AnswerStream {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let isOpen = true
  const close = () => {
    if (isOpen) end()
    isOpen = false
    resolve()
  }
  return {
    position,
    attach,
    isOpen: () => isOpen,
    ended,
    async next() {
      const value = await next()
      if (value) return { done: false, value }
      close()
      return { done: true, value: undefined }
    },
    async return() {
      close()
      return { done: true, value: undefined }
    },
    async throw(error) {
      close()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
