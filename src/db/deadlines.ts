/** How much longer than its statement a client waits for the answer, before it takes the connection for dead. */
export const graceMs = 3_000

const isEnd = (text: string) => text === 'commit' || text === 'rollback'
const ofSession = /^set statement_timeout = (\d+)$/

/**
 * How long a client waits for the answer to each statement of one connection; null: for ever. The server ends a statement
 * at `statement_timeout`, but nobody ends one whose answer the network has swallowed: TCP gives up after a quarter of an
 * hour. So a statement that sets another limit moves the client's own, for its transaction or its session.
 */
export function createDeadlines(
  statementTimeoutMs: number,
): (text: string, values: readonly unknown[]) => number | null {
  let session: number | null = null
  let local: number | null = null

  return (text, values) => {
    const [, ms] = ofSession.exec(text) ?? []
    if (ms !== undefined) session = Number(ms)
    else if (text === 'reset statement_timeout') session = null
    local = localIn(text, values) ?? local
    const limit = local ?? session ?? statementTimeoutMs
    if (isEnd(text)) local = null
    return limit === 0 ? null : limit + graceMs
  }
}

/** The limit that a statement sets for its transaction; null: none. Other statements may have any text among their values. */
function localIn(text: string, values: readonly unknown[]): number | null {
  if (!text.includes('set_config(')) return null
  const ms = Number(values[values.indexOf('statement_timeout') + 1])
  return values.includes('statement_timeout') && Number.isFinite(ms) ? ms : null
}
