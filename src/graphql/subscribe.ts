import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql'
import { type Context, refreshed } from './context.ts'
import { presentable, presented } from './errors.ts'

/**
 * Answers a subscription: one result per event of its source, each executed with fresh loaders. Where the source breaks
 * off, the last result tells why. `return()` goes straight to the source: an async generator around it would let it wait
 * for the next event.
 */
export async function subscribe(args: ExecutionArgs): Promise<Results | ExecutionResult> {
  const context = args.contextValue as Context
  const source = await createSourceEventStream(args)
  return Symbol.asyncIterator in source
    ? answers(args, context, source[Symbol.asyncIterator]())
    : presented(source, context)
}

type Results = AsyncIterableIterator<ExecutionResult, undefined>

function answers(args: ExecutionArgs, context: Context, events: AsyncIterator<unknown>): Results {
  let broken = false

  async function answer(event: unknown): Promise<ExecutionResult> {
    const contextValue = refreshed(context)
    return presented(await execute({ ...args, rootValue: event, contextValue }), contextValue)
  }

  const end = async () => {
    await events.return?.()
    return { done: true, value: undefined } as const
  }
  return {
    async next() {
      if (broken) return end()
      try {
        const { done, value } = await events.next()
        return done ? end() : { done: false, value: await answer(value) }
      } catch (error) {
        broken = true
        return { done: false, value: { errors: [presentable(error, context)] } }
      }
    },
    return: end,
    async throw(error) {
      await end()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
