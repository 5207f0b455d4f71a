import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  execute as graphqlExecute,
} from 'graphql'
import type { Budget } from '../../runtime/budget.ts'
import { type AdmissionLimits, type Admitted, createAdmission } from './admission.ts'
import { actualCostOf } from './cost.ts'
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
  limits: AdmissionLimits
  /** What each key spends on its operations. */
  cost: Budget
  observe?: Observe | undefined
}

/**
 * The only code that executes with graphql-js. Both run the same steps: scopes, cost, execution, errors for clients.
 */
export type Engine = {
  /** Executes a query, a mutation or one event. Never rejects. */
  execute(execution: Execution): Promise<ExecutionResult>
  /** Opens the source of a subscription. Never rejects: if it cannot be opened, the result has errors. */
  openSource(execution: Execution): Promise<AsyncIterable<unknown> | ExecutionResult>
}

/** Each error of a variable prints the whole variable, which may be as large as the body. */
const options = { maxCoercionErrors: 1 }

type PromiseOrValue<Value> = Promise<Value> | Value

export function createEngine({ schema, limits, cost: budget, observe }: EngineOptions): Engine {
  const admit = createAdmission(limits, budget)

  function withCost(result: ExecutionResult, requested: number, { operation, variables }: Execution) {
    const actual = actualCostOf(limits, operation.plan, variables, result.data)
    const cost = { requested, actual, limit: limits.maxQueryCost }
    return { ...result, extensions: { ...result.extensions, cost } }
  }

  /**
   * What needs the variables or the caller belongs in here, once: a limit on cost, a cache, a trace, a log line. Limits
   * of the document alone are in `document-limits.ts`.
   */
  async function run<Source extends AsyncIterable<unknown>>(
    execution: Execution,
    graphql: (args: ExecutionArgs) => PromiseOrValue<Source | ExecutionResult>,
  ): Promise<Source | ExecutionResult> {
    const { operation, variables, context, event } = execution
    let admitted: Admitted | undefined
    try {
      authorize(context.actor, operation)
      admitted = await admit(execution)
      // Read before anything else: what is read later is not older than the cursor.
      if (operation.selectsEventCursor) await context.loaders.workspace.load(context.actor.workspaceId)
      const { document, operationName } = operation
      const args = { schema, document, operationName, variableValues: variables ?? null, options }
      const result = await graphql({ ...args, contextValue: context, rootValue: event })
      if (Symbol.asyncIterator in result) return result
      const refused = context.bytes.refused()
      if (refused) throw refused
      const shown = toClientErrors(result, operation, context)
      return context.tellsCost ? withCost(shown, admitted.cost, execution) : shown
    } catch (error) {
      return { errors: [toClientError(error, context)] }
    } finally {
      admitted?.release()
    }
  }

  return {
    async execute(execution) {
      const observed = observe?.(execution)
      const result = await run<never>(execution, graphqlExecute)
      const { bytes, onAnswer } = execution.context
      const taken = bytes.end()
      onAnswer?.(taken)
      observed?.(result)
      return result
    },
    async openSource(execution) {
      const observed = observe?.(execution)
      const source = await run(execution, createSourceEventStream)
      execution.context.bytes.end()
      observed?.(Symbol.asyncIterator in source ? null : source)
      return source
    },
  }
}
