import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  execute as graphqlExecute,
} from 'graphql'
import type { Budget } from '../../runtime/budget.ts'
import { actualCostOf } from './actual-cost.ts'
import { type AdmissionLimits, type Admitted, createAdmission } from './admission.ts'
import type { AnswerCache } from './answer-cache.ts'
import { type AnswerText, textOf } from './answer-text.ts'
import { createCompiler } from './compile.ts'
import type { Cost } from './cost.ts'
import { toClientError, toClientErrors } from './errors.ts'
import type { Execution } from './execution.ts'
import type { PreparedOperation } from './prepare.ts'
import { authorize } from './scopes.ts'

/**
 * Called with each execution before it begins. What it returns is called once at the end, with the answer; null: a
 * subscription has been opened. Neither may throw.
 */
export type Observe = (
  execution: Execution,
) => ((answer: ExecutionResult | AnswerText | null) => void) | undefined

/** Both observers as one. The first one's span is there when the second one begins. */
export const inOrder =
  (first: Observe, second: Observe): Observe =>
  execution => {
    const [ended, alsoEnded] = [first(execution), second(execution)]
    if (!ended) return alsoEnded
    return answer => {
      ended(answer)
      alsoEnded?.(answer)
    }
  }

export type EngineOptions = {
  schema: GraphQLSchema
  /** The same schema without the counting of texts, for compiled queries. */
  uncountedSchema: GraphQLSchema
  limits: AdmissionLimits
  /** What each key spends on its operations. */
  cost: Budget
  /** What each key spends on documents that are new. */
  documents: Budget
  keptAnswer: AnswerCache
  observe?: Observe | undefined
}

/**
 * The only code that executes with graphql-js. Its functions run the same steps: scopes, cost, execution, errors for
 * clients.
 */
export type Engine = {
  /** Executes a query or a mutation. Never rejects. */
  execute(execution: Execution): Promise<ExecutionResult>
  /**
   * Executes a query, a mutation or one event, or answers it as before. Returns the text of a result without errors.
   * Never rejects.
   */
  answer(execution: Execution): Promise<ExecutionResult | AnswerText>
  /** Opens the source of a subscription. Never rejects: if it cannot be opened, the result has errors. */
  openSource(execution: Execution): Promise<AsyncIterable<unknown> | ExecutionResult>
}

/** How long an execution may wait before its key is checked again. */
const confirmAfterMs = 1_000

/** Each error of a variable prints the whole variable, which may be as large as the body. */
const options = { maxCoercionErrors: 1 }
const coercion = { maxErrors: 1 }

type PromiseOrValue<Value> = Promise<Value> | Value

/** The result of an operation that was not executed, or not to its end. */
type Failed = { errors: GraphQLError[] }

export function createEngine({
  schema,
  uncountedSchema,
  limits,
  cost: budget,
  documents,
  keptAnswer,
  observe,
}: EngineOptions): Engine {
  const admit = createAdmission(limits, budget)
  const compiledOf = createCompiler(uncountedSchema, documents)
  /** Subscriptions whose compiled selection has failed for an event. */
  const failed = new WeakSet<PreparedOperation>()

  function withCost(result: ExecutionResult, requested: number, { operation, variables }: Execution) {
    const actual = actualCostOf(limits, operation.plan, variables, result.data)
    const cost = { requested, actual, limit: limits.maxQueryCost }
    return { ...result, extensions: { ...result.extensions, cost } }
  }

  /**
   * The result of compiled code, whose texts are counted when the answer is text; null: graphql-js executes the
   * operation, as it words all errors. A query changes nothing, so it can be executed again, and it is paid for again. A
   * subscription that has failed for an event is left to graphql-js from then on.
   * @throws Refusal RATE_LIMITED, or what has refused the answer
   */
  async function executeCompiled(
    { operation, variables, context, event }: Execution,
    { cost, bytes, textBytes }: Cost,
  ): Promise<ExecutionResult | null> {
    if (operation.kind === 'mutation' || failed.has(operation)) return null
    if (bytes + textBytes > limits.maxAnswerBytes) return null
    const compiled = compiledOf(operation, context.actor.keyId)
    if (!compiled) return null
    const { coerced } = getVariableValues(schema, operation.variables, variables ?? {}, coercion)
    if (!coerced) return null
    const before = context.bytes.taken()
    const result = await compiled(event, context, variables ?? {}).catch(() => null)
    if (result && !result.errors) return result
    const refused = context.bytes.refused()
    if (refused) throw refused
    context.bytes.rewind(before)
    if (operation.kind === 'query') await budget.spend(context.actor.keyId, cost)
    else failed.add(operation)
    return null
  }

  /**
   * The same for a result that does not leave as text: its texts are counted here, unless its caller counts them.
   * @throws Refusal LIMIT_EXCEEDED
   */
  async function executeCounted(execution: Execution, cost: Cost): Promise<ExecutionResult | null> {
    const result = await executeCompiled(execution, cost)
    if (result && !execution.context.countsAnswer) countAll(execution, textOf(result, limits).bytes)
    return result
  }

  /** Counts an answer of so many bytes, of which some may have been counted before. */
  function countAll({ context: { bytes } }: Execution, all: number): void {
    bytes.take(Math.max(0, all - bytes.taken()))
  }

  /**
   * What needs the variables or the caller belongs in here, once: a limit on cost, a cache, a trace, a log line. Limits
   * of the document alone are in `document-limits.ts`.
   */
  async function admitted<Answer>(
    execution: Execution,
    body: (cost: Cost) => Promise<Answer>,
  ): Promise<Answer | Failed> {
    const { operation, context } = execution
    let admission: Admitted | undefined
    try {
      authorize(context.actor, operation)
      const begun = performance.now()
      admission = await admit(execution)
      execution.cost = admission.cost.cost
      // Its key may have ended meanwhile. Changes check it themselves, and subscriptions are ended by the key watch.
      if (operation.kind === 'query' && performance.now() - begun > confirmAfterMs)
        await context.confirm(context.actor)
      return await body(admission.cost)
    } catch (error) {
      return { errors: [toClientError(error, context)] }
    } finally {
      admission?.release()
    }
  }

  async function run<Source extends AsyncIterable<unknown>>(
    execution: Execution,
    cost: Cost,
    graphql: (args: ExecutionArgs) => PromiseOrValue<Source | ExecutionResult>,
    compiled: (execution: Execution, cost: Cost) => Promise<ExecutionResult | null> = async () => null,
  ): Promise<Source | ExecutionResult> {
    const { operation, variables, context, event } = execution
    // Read before anything else: what is read later is not older than the cursor.
    if (operation.selectsEventCursor) await context.loaders.workspace.load(context.actor.workspaceId)
    const { document, operationName } = operation
    const args = { schema, document, operationName, variableValues: variables ?? null, options }
    const result =
      (await compiled(execution, cost)) ??
      (await graphql({ ...args, contextValue: context, rootValue: event }))
    if (Symbol.asyncIterator in result) return result
    const refused = context.bytes.refused()
    if (refused) throw refused
    const shown = toClientErrors(result, operation, context)
    return context.tellsCost ? withCost(shown, cost.cost, execution) : shown
  }

  const executed = (execution: Execution) =>
    admitted(execution, cost => run<never>(execution, cost, graphqlExecute, executeCounted))

  const answered = (execution: Execution) =>
    admitted(execution, async cost => {
      const answer = await keptAnswer(execution, async () => {
        const result = await run<never>(execution, cost, graphqlExecute, executeCompiled)
        return result.errors ? result : textOf(result, limits)
      })
      if ('text' in answer) countAll(execution, answer.bytes)
      return answer
    })

  async function finish<Answer extends ExecutionResult | AnswerText>(
    execution: Execution,
    execute: (execution: Execution) => Promise<Answer>,
  ): Promise<Answer> {
    const observed = observe?.(execution)
    const answer = await execute(execution)
    const { bytes, onAnswer, giveUp } = execution.context
    // Fields beside the one that failed may still be reading.
    if ('errors' in answer && answer.errors) giveUp()
    const taken = bytes.end()
    onAnswer?.('text' in answer ? answer.bytes : taken)
    observed?.(answer)
    return answer
  }

  return {
    execute: execution => finish(execution, executed),
    answer: execution => finish(execution, answered),
    async openSource(execution) {
      const observed = observe?.(execution)
      const source = await admitted(execution, cost => run(execution, cost, createSourceEventStream))
      execution.context.bytes.end()
      observed?.(Symbol.asyncIterator in source ? null : source)
      return source
    },
  }
}
