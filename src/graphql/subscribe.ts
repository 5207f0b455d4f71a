import { setTimeout as after } from 'node:timers/promises'
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql'
import { Unavailable } from '../db/unavailable.ts'
import type { Event } from '../domain/event.ts'
import { toCursor } from '../domain/event-cursor.ts'
import { requireScope } from '../domain/operation.ts'
import type { Answer, Sink } from '../live/question.ts'
import { type Context, shared } from './context.ts'
import { presentable, presented, withoutHttp } from './errors.ts'
import { type LogSource, nextOf } from './log-source.ts'
import { questionKey } from './question-key.ts'

/** A subscription that is being answered: one by one to whoever asks for the next, or as they come to a sink. */
export type Answering = AsyncIterableIterator<Answer, undefined> & {
  /** The cursor up to which everything has been answered; null where the answers have no place in the log. */
  position(): string | null
  /** Hands every answer to the sink from now on. Not together with `next`. */
  attach(sink: Sink): void
}

const secondTry = 250

/**
 * Opens a subscription. Each event is a new question with fresh loaders, executed once for all who ask the same.
 * What cannot be opened is answered with errors.
 */
export async function subscribe(args: ExecutionArgs): Promise<Answering | ExecutionResult> {
  const context = args.contextValue as Context
  try {
    requireScope(context.actor, 'read')
    const source = await createSourceEventStream(args)
    if (!(Symbol.asyncIterator in source)) return presented(source, context)
    return 'follower' in source
      ? answeringLog(args, context, source as LogSource<Event>)
      : answeringEach(args, context, source[Symbol.asyncIterator]())
  } catch (error) {
    return { errors: [presentable(error, context)] }
  }
}

/** Answers the events of the log. */
function answeringLog(args: ExecutionArgs, context: Context, { follower }: LogSource<Event>): Answering {
  const { workspaceId } = follower
  const { question, release } = context.questions.ask(workspaceId, questionKey(args), event =>
    textOf(args, context, event),
  )
  let position = () => follower.position()
  let detach = () => follower.end()
  let busyWith: number | null = null
  return iterate({
    async next() {
      const { done, value } = await nextOf<Event>(follower)
      if (done) return undefined
      busyWith = value.seq
      const answer = await question.answer(value)
      busyWith = null
      return answer
    },
    position: () => toCursor({ workspaceId, seq: busyWith === null ? position() : busyWith - 1 }),
    attach(sink) {
      const place = question.attach(sink, follower)
      position = place.position
      detach = place.detach
    },
    end() {
      detach()
      release()
    },
  })
}

/** Answers the values of a source that has no log, each for itself. */
function answeringEach(args: ExecutionArgs, context: Context, source: AsyncIterator<unknown>): Answering {
  const answering = iterate({
    async next() {
      const { done, value } = await source.next()
      return done ? undefined : { text: await textOf(args, context, value), cursor: null }
    },
    position: () => null,
    attach(sink) {
      const pump = async () => {
        for await (const answer of answering) await sink.sendAndWait(answer)
      }
      void pump().catch(error => sink.end(error))
    },
    end: () => void source.return?.(),
  })
  return answering
}

type Parts = Pick<Answering, 'position' | 'attach'> & { next(): Promise<Answer | undefined>; end(): void }

function iterate({ next, position, attach, end }: Parts): Answering {
  const done = async () => {
    end()
    return { done: true, value: undefined } as const
  }
  return {
    position,
    attach,
    async next() {
      const value = await next()
      return value ? { done: false, value } : done()
    },
    return: done,
    async throw(error) {
      end()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * Executes one event, for whoever asks. While the database is away it is tried once more, and then breaks the
 * subscription off, so that its clients resume; any other error is delivered with its cursor, so that they can pass it.
 */
async function textOf(args: ExecutionArgs, context: Context, event: unknown): Promise<string> {
  const ask = async () => {
    const contextValue = shared(context)
    return presented(await execute({ ...args, rootValue: event, contextValue }), contextValue)
  }
  let result = await ask()
  if (isUnavailable(result)) {
    await after(secondTry)
    result = await ask()
    if (isUnavailable(result)) throw new Unavailable(result.errors?.[0])
  }
  if (!result.errors) return JSON.stringify(result)
  const cursor = isEvent(event) ? { cursor: toCursor(event) } : {}
  const errors = result.errors
    .map(withoutHttp)
    .map(error => ({ ...error, extensions: { ...error.extensions, ...cursor } }))
  return JSON.stringify({ ...result, errors })
}

const isUnavailable = ({ errors }: ExecutionResult) =>
  errors?.some(error => error.extensions.code === 'UNAVAILABLE') ?? false

const isEvent = (value: unknown): value is Event =>
  typeof value === 'object' && value !== null && 'seq' in value
