import type { Event } from '../../domain/event/rows.ts'
import { eventTypes } from '../../domain/event/types.ts'
import type { Span, Traces } from '../../runtime/traces.ts'
import type { Observe } from './execute.ts'
import type { Execution } from './execution.ts'
import { maxNameCharacters, outcomeOf } from './watch-operations.ts'

/** The outcomes that are the gateway's failures, and not its caller's. */
const failures = new Set(['INTERNAL', 'UNAVAILABLE'])

/**
 * Measures each operation as a span below its request, and each event of a subscription as one of its own: an event is
 * executed once for many, so it is linked to the change and not a part of it.
 */
export function traceOperations(traces: Traces): Observe {
  return execution => {
    const { context } = execution
    const span = execution.event === undefined ? ofOperation(execution) : ofEvent(traces, execution)
    if (!span) return undefined
    context.trace = span
    return answer => {
      const outcome = outcomeOf(answer, context)
      const attributes = { 'gateway.outcome': outcome, 'gateway.cost': execution.cost ?? null }
      span.end(attributes, failures.has(outcome))
    }
  }
}

function ofOperation({ operation, context }: Execution): Span | undefined {
  const name = operation.operationName?.slice(0, maxNameCharacters) ?? null
  return context.trace?.begin(name === null ? operation.kind : `${operation.kind} ${name}`, {
    'graphql.operation.type': operation.kind,
    'graphql.operation.name': name,
    'gateway.key.id': context.actor.keyId,
    'gateway.workspace.id': context.actor.workspaceId,
  })
}

function ofEvent(traces: Traces, { event, context }: Execution): Span | undefined {
  const { type, traceparent = null } = event as Partial<Event>
  // Counts are no events of the log.
  const name = type === undefined ? 'counts' : `event ${eventTypes[type]}`
  const { workspaceId } = context.actor
  return traces.after(traceparent)?.begin(name, { 'gateway.workspace.id': workspaceId }, 'consumer')
}
