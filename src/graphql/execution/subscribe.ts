import type { ExecutionResult } from 'graphql'
import { toCursor } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import type { Answer } from '../../live/answer.ts'
import { countedAnswer } from '../../live/counted-answer.ts'
import { type LogSource, nextOf } from '../schema/event/log-source.ts'
import { type AnswerStream, answerStream } from './answer-stream.ts'
import { broadcastKey } from './broadcast-key.ts'
import { costOf } from './cost.ts'
import { toClientError } from './errors.ts'
import { answerEvent } from './event-answer.ts'
import type { Engine, Execution } from './execute.ts'

/**
 * Opens a subscription. Each event is executed with fresh loaders, once for all subscribers of the same broadcast. If
 * the subscription cannot be opened, the result has errors.
 */
export async function subscribe(
  engine: Engine,
  execution: Execution,
): Promise<AnswerStream | ExecutionResult> {
  const source = await engine.openSource(execution)
  if (!(Symbol.asyncIterator in source)) return source
  const isOfLog = isLogSource(source)
  const iterator = source[Symbol.asyncIterator]()
  try {
    return isOfLog ? answersOfLog(engine, execution, source) : answersOfSource(engine, execution, iterator)
  } catch (error) {
    void iterator.return?.()
    return { errors: [toClientError(error, execution.context)] }
  }
}

const isLogSource = (source: AsyncIterable<unknown>): source is LogSource<Event> => 'follower' in source

/**
 * The answers to the events of the log, shared by all subscribers of the same broadcast.
 * @throws Refusal LIMIT_EXCEEDED
 */
function answersOfLog(engine: Engine, execution: Execution, { follower }: LogSource<Event>): AnswerStream {
  const { workspaceId } = follower
  const { broadcast, leave } = execution.context.broadcasts.join({
    ...joiningOf(execution),
    execute: (event, signal) => answerEvent(engine, execution, event, signal),
  })
  let position = () => follower.position()
  let unsubscribe = () => follower.end()
  let seqInWork: number | null = null
  const unsent = unsentOf(execution)
  return answerStream({
    async next() {
      unsent.taken()
      const { done, value } = await nextOf<Event>(follower)
      if (done) return undefined
      seqInWork = value.seq
      const answer = await unsent.next(() => broadcast.answer(value))
      seqInWork = null
      return answer
    },
    position: () => toCursor({ workspaceId, seq: seqInWork === null ? position() : seqInWork - 1 }),
    attach(subscriber) {
      const subscription = broadcast.subscribe(subscriber, follower)
      position = subscription.position
      unsubscribe = subscription.unsubscribe
    },
    end() {
      unsent.end()
      unsubscribe()
      leave()
    },
  })
}

/**
 * The answers to the values of any other source.
 * @throws Refusal LIMIT_EXCEEDED
 */
function answersOfSource(engine: Engine, execution: Execution, source: AsyncIterator<unknown>): AnswerStream {
  const { context } = execution
  const { answer, leave } = context.broadcasts.joinSource(joiningOf(execution))
  const answerTo = (value: object) => answer(value, () => answerEvent(engine, execution, value))
  const unsent = unsentOf(execution)
  const answers = answerStream({
    async next() {
      unsent.taken()
      const { done, value } = await source.next()
      return done ? undefined : unsent.next(() => answerTo(value as object))
    },
    position: () => null,
    attach(subscriber) {
      const pump = async () => {
        for (let { done, value } = await source.next(); !done; { done, value } = await source.next()) {
          const of = value as object
          await subscriber.sendAndWait(() => answerTo(of))
        }
        await answers.return?.()
      }
      void pump().catch(error => subscriber.end(error))
    },
    end() {
      unsent.end()
      leave()
      void source.return?.()
    },
  })
  return answers
}

const joiningOf = ({ context, operation, variables }: Execution) => ({
  workspaceId: context.actor.workspaceId,
  key: broadcastKey({ operation, variables }),
  keyId: context.actor.keyId,
  cost: costOf(context.limits, operation.plan, variables).cost,
})

/** The answer that was pulled last. Its bytes count until the next one is asked for, as its reader has taken it then. */
function unsentOf({ context }: Execution) {
  let sent = () => {}
  let isOver = false
  return {
    async next(make: () => Promise<Answer>): Promise<Answer> {
      const counted = await countedAnswer(context.unsent, context.actor.keyId, make)
      sent = counted.sent
      if (isOver) sent()
      return counted.answer
    },
    taken: () => sent(),
    end() {
      isOver = true
      sent()
    },
  }
}
