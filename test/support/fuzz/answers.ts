/** The codes that a client may cause. INTERNAL and UNAVAILABLE are faults of the gateway. */
const clientCodes = new Set([
  'INVALID_INPUT',
  'NOT_FOUND',
  'IDEMPOTENCY_MISMATCH',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_CURSOR',
  'CURSOR_EXPIRED',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
])

/** What no answer may contain. No generated value contains it either, so an echo of the input is no false alarm. */
const internals = [
  /node_modules|node:internal|file:\/\/|\/src\/|\.ts:\d|\bat (async )?\w+ \(/,
  /\b(select|insert into|update|delete from)\b.{0,200}\b(from|values|set|where)\b/i,
  /workspace_id|SQLSTATE|postgres|pglite|kysely|pg_|violates|at or near|invalid byte sequence|deadlock/i,
  /\b(Type|Range|Reference|Zod|Aggregate|Fastify|Database|GraphQL)Error\b|FST_ERR|ECONN|ERR_[A-Z]/,
  /Cannot read propert|is not a function|is not iterable|\[object |piscina|mailparser|nodemailer|typeid/i,
]

/** What an answer's text betrays of the gateway's inside; null: nothing. */
function leakIn(text: string): string | null {
  for (const pattern of internals) {
    const found = pattern.exec(text)
    if (found) return found[0]
  }
  return null
}

type Errors = readonly { extensions?: Record<string, unknown> }[]

/** The codes of a GraphQL result's errors. @throws Error for a code that a client may not cause, or for none */
export function codesOf(errors: Errors = []): string[] {
  return errors.map(({ extensions }) => {
    const code = String(extensions?.code)
    if (!clientCodes.has(code)) throw new Error(`An error has the code ${code}: ${JSON.stringify(errors)}`)
    return code
  })
}

/** @throws Error if the text shows something of the gateway's inside */
export function requireNoLeak(text: string): void {
  const leak = leakIn(text)
  if (leak) throw new Error(`The answer shows "${leak}": ${text.slice(0, 2_000)}`)
}
