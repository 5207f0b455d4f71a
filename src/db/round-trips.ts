/** Sends a statement, and calls `done`: at once if its values cannot be sent. */
export type Send = (
  text: string,
  values: readonly unknown[],
  done: (error: unknown, result: unknown) => void,
) => void

export type Query = (text: string, values: readonly unknown[]) => Promise<unknown>

/**
 * `first`: a statement that does no harm outside a transaction, so it may be sent with the `begin` before it. `setting`:
 * the same, before statements that do no harm either, so the next one may be sent with it too. `ahead`: a statement that
 * nobody waits for, so the next one may be sent with it, which fails with its error. Its rows come into the list that is
 * returned at once; they are there when the next statement that is waited for has been answered. `last`: the last
 * statement of its transaction, which may be sent with the `commit` after it.
 */
export type Place = 'first' | 'setting' | 'ahead' | 'last'

const places = new WeakMap<readonly unknown[], Place>()

/** Gives a statement its place in a transaction, by its parameters. */
export function place(values: readonly unknown[], at: Place): void {
  places.set(values, at)
}

/** Queries of one connection as they come. */
export const oneByOne =
  (send: Send): Query =>
  (text, values) =>
    new Promise((resolve, reject) =>
      send(text, values, (error, result) => (error ? reject(error) : resolve(result))),
    )

/**
 * Gives a statement a transaction of its own, in the same round trip.
 *
 * @throws unknown what `begin` has failed with, or else the statement, or else `commit`
 */
const inOwnTransaction =
  (query: Query, begin: string): Query =>
  async (text, values) => {
    const sent = [query(begin, []), query(text, values), query('commit', [])]
    // The connection serves the next one when all have been answered.
    const [, result] = await Promise.allSettled(sent)
    await Promise.all(sent)
    return result?.status === 'fulfilled' ? result.value : undefined
  }

/**
 * Queries of one connection, with fewer round trips for each transaction: `begin` waits for the first statement, nobody
 * waits for those that are sent ahead, and `commit` is sent right behind the last one. If one of them fails, PostgreSQL
 * refuses those behind it, and answers the `commit` with a rollback.
 *
 * @param send sends statements one behind the other, without waiting for their results
 * @param pooledBegin what begins a transaction behind a pooler. Then a statement outside a transaction gets its own.
 */
export function inFewerRoundTrips(send: Send, pooledBegin?: string): Query {
  let state: 'none' | 'beginning' | 'open' | 'failed' | Promise<unknown> = 'none'
  const query = oneByOne(send)
  const queryAlone = pooledBegin === undefined ? query : inOwnTransaction(query, pooledBegin)
  /** Why the first failing one failed of those that were sent ahead in this transaction. */
  let failedAhead: { error: unknown } | null = null

  async function queryBegin(): Promise<void> {
    failedAhead = null
    try {
      await query(pooledBegin ?? 'begin', [])
    } catch (error) {
      state = 'failed'
      throw error
    }
  }

  /** A statement that was sent outside a transaction, as its `begin` has failed, counts as failed. */
  async function queryFirst(text: string, values: readonly unknown[]): Promise<unknown> {
    const [begin, result] = await Promise.allSettled([queryBegin(), query(text, values)])
    if (begin.status === 'rejected') throw begin.reason
    if (result.status === 'rejected') throw result.reason
    return result.value
  }

  /** @throws unknown why the statement could not be sent */
  function queryAhead(text: string, values: readonly unknown[]): Promise<unknown> {
    const rows: unknown[] = []
    return new Promise((resolve, reject) => {
      send(text, values, (error, result) => {
        // What begins a transaction behind a pooler is several statements: its result is a list of results.
        if (!error) return void rows.push(...((result as { rows?: readonly unknown[] }).rows ?? []))
        failedAhead ??= { error }
        reject(error)
      })
      resolve({ command: '', rows })
    })
  }

  /** What follows fails with the error of the `begin`, or is executed outside a transaction. */
  async function querySetting(text: string, values: readonly unknown[]): Promise<unknown> {
    failedAhead = null
    // Whoever comes next gets the error.
    queryAhead(pooledBegin ?? 'begin', []).catch(() => {})
    return queryAhead(text, values)
  }

  /** @throws unknown what a statement ahead of it has failed with, or else this one */
  async function queryBehind(text: string, values: readonly unknown[]): Promise<unknown> {
    const result = await query(text, values).catch(error => {
      throw failedAhead?.error ?? error
    })
    if (text === 'commit' && failedAhead) throw failedAhead.error
    return result
  }

  /** A statement that cannot be sent is followed by no `commit`. */
  function queryLast(text: string, values: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isSent = true
      send(text, values, (error, result) => {
        if (!error) return resolve(result)
        isSent = false
        reject(failedAhead?.error ?? error)
      })
      if (!isSent) return
      const committed = query('commit', [])
      // Whoever ends the transaction gets the error.
      committed.catch(() => {})
      state = committed
    })
  }

  async function begin(text: string, values: readonly unknown[]): Promise<unknown> {
    state = isEnd(text) ? 'none' : 'open'
    if (isEnd(text)) return { command: text.toUpperCase(), rows: [] }
    const at = places.get(values)
    if (at === 'first') return queryFirst(text, values)
    if (at === 'setting') return querySetting(text, values)
    await queryBegin()
    return queryWithin(text, values)
  }

  function queryWithin(text: string, values: readonly unknown[]): Promise<unknown> {
    // Nothing is sent behind what is known to have failed, and least of all a `commit`.
    if (failedAhead && text !== 'rollback') return Promise.reject(failedAhead.error)
    const at = places.get(values)
    if (at === 'ahead') return queryAhead(text, values)
    return at === 'last' ? queryLast(text, values) : queryBehind(text, values)
  }

  /**
   * After a failed `begin` nothing is executed, as it would be outside a transaction. One that also sets what a pooler's
   * session lacks may have begun the transaction before it failed.
   */
  function endFailed(text: string): unknown {
    if (isEnd(text)) state = 'none'
    if (text === 'rollback')
      return pooledBegin === undefined ? { command: 'ROLLBACK', rows: [] } : query(text, [])
    throw new Error('The transaction has not begun.')
  }

  /** @throws Error if the transaction was to be rolled back, or to go on */
  async function end(text: string, committed: Promise<unknown>): Promise<unknown> {
    state = 'none'
    const result = (await committed) as { command: string }
    if (text === 'commit' || (text === 'rollback' && result.command === 'ROLLBACK')) return result
    throw new Error('The transaction has ended already.')
  }

  return async (text, values) => {
    if (state === 'beginning') return begin(text, values)
    if (state === 'failed') return endFailed(text)
    if (typeof state === 'object') return end(text, state)
    if (text === 'begin') {
      state = 'beginning'
      return { command: 'BEGIN', rows: [] }
    }
    if (state === 'none') return queryAlone(text, values)
    if (isEnd(text)) state = 'none'
    return queryWithin(text, values)
  }
}

const isEnd = (text: string) => text === 'commit' || text === 'rollback'
