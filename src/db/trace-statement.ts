import type { Trace } from '../runtime/traces.ts'

/**
 * Measures a statement, from when it asks for its turn. Its text has no values, as those are sent apart. What it returns is
 * called when the statement has ended; undefined: nothing is measured.
 */
export function traceStatement(
  trace: Trace | null | undefined,
  text: string,
): ((isFailed: boolean) => void) | undefined {
  if (!trace?.isMeasured) return undefined
  const name = /\w+/.exec(text)?.[0].toUpperCase() ?? 'statement'
  const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text }
  const span = trace.begin(name, attributes, 'client')
  return isFailed => span.end({}, isFailed)
}
