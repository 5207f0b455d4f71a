import type { ExecutionResult } from 'graphql'
import { toCursor } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import type { Joined } from '../../live/broadcasts.ts'
import { type LogSource, nextOf } from '../schema/event/log-source.ts'
import { type AnswerStream, answerStream } from './answer-stream.ts'
import { broadcastKey } from './broadcast-key.ts'
import { costOf } from './cost.ts'
import { toClientError } from './errors.ts'
import { executeEvents } from './event-answer.ts'
import type { Engine } from './execute.ts'
import type { Execution } from './execution.ts'
import { createUnsentAnswer } from './unsent-answer.ts'

/**
 * Opens a subscription. Each event is executed once for all subscribers of the same broadcast. If the subscription
 * cannot be opened, the result has errors.
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
  const { broadcast, leave } = join(engine, execution)
  let position = () => follower.position()
  let unsubscribe = () => follower.end()
  let seqInWork: number | null = null
  const unsent = createUnsentAnswer(execution.context)
  return answerStream({
    async next() {
      unsent.taken()
      const payer = follower.isBehind() ? follower.keyId : null
      const { done, value } = await nextOf<Event>(follower)
      if (done) return undefined
      seqInWork = value.seq
      const answer = await unsent.next(() => broadcast.answer(value, payer))
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
  const { answerTo, leave } = join(engine, execution)
  const unsent = createUnsentAnswer(execution.context)
  const left = new AbortController()
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
          await subscriber.sendAndWait(() => answerTo(of), left.signal)
        }
        await answers.return?.()
      }
      void pump().catch(error => left.signal.aborted || subscriber.end(error))
    },
    end() {
      left.abort()
      unsent.end()
      leave()
      void source.return?.()
    },
  })
  return answers
}

/** @throws Refusal LIMIT_EXCEEDED */
function join(engine: Engine, execution: Execution): Joined {
  const { context, operation, variables } = execution
  return context.broadcasts.join({
    workspaceId: context.actor.workspaceId,
    key: broadcastKey({ operation, variables }),
    keyId: context.actor.keyId,
    cost: costOf(context.limits, operation.plan, variables).cost,
    execute: executeEvents(engine, execution),
  })
}
