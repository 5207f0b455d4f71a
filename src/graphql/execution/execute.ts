import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  getVariableValues,
  execute as graphqlExecute,
} from 'graphql'
import type { Actor } from '../../domain/operation.ts'
import type { Budget } from '../../runtime/budget.ts'
import { type AdmissionLimits, type Admitted, createAdmission } from './admission.ts'
import { createCompiler } from './compile.ts'
import { actualCostOf, type Cost, requireAnswerBytes } from './cost.ts'
import { toClientError, toClientErrors } from './errors.ts'
import type { Execution } from './execution.ts'
import { authorize } from './scopes.ts'

/**
 * Called with each execution before it begins. What it returns is called once at the end, with the result; null: a
 * subscription has been opened. Neither may throw.
 */
export type Observe = (execution: Execution) => ((result: ExecutionResult | null) => void) | undefined

export type EngineOptions = {
  schema: GraphQLSchema
  /** The same schema without the counting of texts, for compiled queries. */
  uncountedSchema: GraphQLSchema
  limits: AdmissionLimits
  /** Checks that a key is still valid. @throws Refusal UNAUTHENTICATED */
  confirm(actor: Actor): Promise<void>
  /** What each key spends on its operations. */
  cost: Budget
  /** What each key spends on documents that are new. */
  documents: Budget
  observe?: Observe | undefined
}

/**
 * The only code that executes with graphql-js. Both run the same steps: scopes, cost, execution, errors for clients.
 */
export type Engine = {
  /** Executes a query, a mutation or one event. Never rejects. */
  execute(execution: Execution): Promise<ExecutionResult>
  /** Executes a query or a mutation. Returns the text of a result without errors. Never rejects. */
  answer(execution: Execution): Promise<ExecutionResult | AnswerText>
  /** Opens the source of a subscription. Never rejects: if it cannot be opened, the result has errors. */
  openSource(execution: Execution): Promise<AsyncIterable<unknown> | ExecutionResult>
}

/** Each error of a variable prints the whole variable, which may be as large as the body. */
const options = { maxCoercionErrors: 1 }
const coercion = { maxErrors: 1 }

type PromiseOrValue<Value> = Promise<Value> | Value

/** The text of a result without errors. */
export type AnswerText = { text: string; bytes: number }

export function createEngine({
  schema,
  uncountedSchema,
  limits,
  cost: budget,
  documents,
  confirm,
  observe,
}: EngineOptions): Engine {
  const admit = createAdmission(limits, budget)
  const compiledOf = createCompiler(uncountedSchema, documents)

  function withCost(result: ExecutionResult, requested: number, { operation, variables }: Execution) {
    const actual = actualCostOf(limits, operation.plan, variables, result.data)
    const cost = { requested, actual, limit: limits.maxQueryCost }
    return { ...result, extensions: { ...result.extensions, cost } }
  }

  /**
   * The result of a compiled query; null: graphql-js executes the operation, as it words all errors. A query changes
   * nothing, so it can be executed again. Loaders keep what they have read.
   */
  async function executeCompiled(
    { operation, variables, context }: Execution,
    { bytes, textBytes }: Cost,
  ): Promise<ExecutionResult | null> {
    if (operation.kind !== 'query' || bytes + textBytes > limits.maxAnswerBytes) return null
    const query = compiledOf(operation, context.actor.keyId)
    if (!query) return null
    const { coerced } = getVariableValues(schema, operation.variables, variables ?? {}, coercion)
    if (!coerced) return null
    const before = context.bytes.taken()
    const result = await query(context, variables ?? {}).catch(() => null)
    if (result && !result.errors) return result
    context.bytes.rewind(before)
    return null
  }

  /**
   * What needs the variables or the caller belongs in here, once: a limit on cost, a cache, a trace, a log line. Limits
   * of the document alone are in `document-limits.ts`.
   */
  async function run<Source extends AsyncIterable<unknown>>(
    execution: Execution,
    graphql: (args: ExecutionArgs) => PromiseOrValue<Source | ExecutionResult>,
    mayCompile = false,
  ): Promise<Source | ExecutionResult> {
    const { operation, variables, context, event } = execution
    let admitted: Admitted | undefined
    try {
      authorize(context.actor, operation)
      admitted = await admit(execution)
      // Actors are remembered, and sockets stay open. A key that has just ended changes nothing more.
      if (operation.kind === 'mutation') await confirm(context.actor)
      // Read before anything else: what is read later is not older than the cursor.
      if (operation.selectsEventCursor) await context.loaders.workspace.load(context.actor.workspaceId)
      const { document, operationName } = operation
      const args = { schema, document, operationName, variableValues: variables ?? null, options }
      const result =
        (mayCompile ? await executeCompiled(execution, admitted.cost) : null) ??
        (await graphql({ ...args, contextValue: context, rootValue: event }))
      if (Symbol.asyncIterator in result) return result
      const refused = context.bytes.refused()
      if (refused) throw refused
      const shown = toClientErrors(result, operation, context)
      return context.tellsCost ? withCost(shown, admitted.cost.cost, execution) : shown
    } catch (error) {
      return { errors: [toClientError(error, context)] }
    } finally {
      admitted?.release()
    }
  }

  function answerOf(result: ExecutionResult, { context }: Execution): ExecutionResult | AnswerText {
    if (result.errors) return result
    try {
      const text = JSON.stringify(result)
      const bytes = Buffer.byteLength(text)
      requireAnswerBytes(bytes, limits)
      return { text, bytes }
    } catch (error) {
      return { errors: [toClientError(error, context)] }
    }
  }

  async function finish<Answer extends ExecutionResult | AnswerText>(
    execution: Execution,
    mayCompile: boolean,
    toAnswer: (result: ExecutionResult) => Answer,
  ): Promise<Answer> {
    const observed = observe?.(execution)
    const result = await run<never>(execution, graphqlExecute, mayCompile)
    const { bytes, onAnswer } = execution.context
    const answer = toAnswer(result)
    const taken = bytes.end()
    onAnswer?.('text' in answer ? answer.bytes : taken)
    observed?.(result)
    return answer
  }

  return {
    execute: execution => finish(execution, false, result => result),
    // Only here, as the texts of compiled queries are counted when the answer is text.
    answer: execution => finish(execution, true, result => answerOf(result, execution)),
    async openSource(execution) {
      const observed = observe?.(execution)
      const source = await run(execution, createSourceEventStream)
      execution.context.bytes.end()
      observed?.(Symbol.asyncIterator in source ? null : source)
      return source
    },
  }
}
