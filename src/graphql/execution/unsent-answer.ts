import type { Answer } from '../../live/answer.ts'
import { countedAnswer } from '../../live/counted-answer.ts'
import type { Context } from '../schema/context.ts'

/** The answer that was pulled last. Its bytes count until the reader asks for the next one. */
export type UnsentAnswer = {
  /** Makes the next answer when there is room for it. */
  next(make: () => Promise<Answer>): Promise<Answer>
  /** The reader has taken the last answer. */
  taken(): void
  end(): void
}

export function createUnsentAnswer({ unsent, actor }: Pick<Context, 'unsent' | 'actor'>): UnsentAnswer {
  const over = new AbortController()
  let sent = () => {}
  return {
    async next(make) {
      const counted = await countedAnswer(unsent, actor.keyId, make, over.signal)
      sent = counted.sent
      if (over.signal.aborted) sent()
      return counted.answer
    },
    taken: () => sent(),
    end() {
      over.abort()
      sent()
    },
  }
}
