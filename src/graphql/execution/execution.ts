import type { Context } from '../schema/context.ts'
import type { PreparedOperation } from './prepare.ts'

/** One execution: an operation, or one event of a subscription. */
export type Execution = {
  operation: PreparedOperation
  variables: Record<string, unknown> | null | undefined
  context: Context
  /** The event to execute a subscription's selection for; undefined: the operation itself is executed. */
  event?: unknown
  /** What it may cost; undefined until it has been admitted. */
  cost?: number
}
