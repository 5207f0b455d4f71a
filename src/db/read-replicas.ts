import type { Owner } from '../runtime/turns.ts'
import { within } from '../runtime/within.ts'
import type { IsReadAgain, Lend } from './share.ts'
import { TimedOut, Unavailable } from './unavailable.ts'

/** A copy of the database that follows it, a moment behind. It takes no changes. */
export type ReadReplica = {
  lend: Lend
  /** The revision of a workspace there. */
  revisionOf(workspaceId: string): Promise<string>
}

/**
 * How many requests have read from a replica, and how many could not: it was behind or replayed what their statement was
 * in the way of, or it was away.
 */
export type ReplicaReads = { replica: number; behind: number; away: number }

/**
 * How much longer than the database a replica may take to tell a revision. A gateway or a machine that has much to do is
 * late with both.
 */
const tellWithinMs = 250
/** How long a replica that did not answer is left alone. */
const awayMs = 5_000

/**
 * Lends the connections of read replicas to requests that only read. A request reads from a replica that has everything
 * that had been committed when the request began, as the revision of its workspace tells. So it never reads anything older
 * than from the database itself. Else, and from the moment that its replica fails, it reads from the database.
 *
 * @param revisionOf the revision of a workspace in the database, read after the call
 */
export function lendReplicas(
  primary: Lend,
  replicas: readonly ReadReplica[],
  revisionOf: (workspaceId: string) => Promise<string>,
): { lend: Lend; isReadAgain: IsReadAgain; reads(): ReplicaReads } {
  const reads: ReplicaReads = { replica: 0, behind: 0, away: 0 }
  const awayUntil = new Map<ReadReplica, number>()
  const chosen = new WeakMap<Owner, Promise<ReadReplica | null>>()
  const readsFrom = new WeakMap<Owner, ReadReplica>()
  /** Those whose replica has failed. */
  const failed = new WeakSet<Owner>()
  /** Why the database lent no connection: it would not at once again. */
  const refusals = new WeakSet<Error>()
  let turn = 0

  function leaveAlone(replica: ReadReplica): null {
    reads.away++
    awayUntil.set(replica, performance.now() + awayMs)
    return null
  }

  /** A recovery conflict (40001) ends one statement, and the replica serves the next one. */
  function leave(replica: ReadReplica, { reason }: Unavailable): null {
    if (reason !== 'CONFLICT') return leaveAlone(replica)
    reads.behind++
    return null
  }

  async function choose({ workspaceId }: Owner): Promise<ReadReplica | null> {
    const there = replicas.filter(replica => (awayUntil.get(replica) ?? 0) <= performance.now())
    const replica = there[turn++ % there.length]
    if (!replica) return null
    const told = replica
      .revisionOf(workspaceId)
      .catch(error => (error instanceof Unavailable ? undefined : null))
    const needed = await revisionOf(workspaceId)
    const has = await within(tellWithinMs, told)
    if (has === undefined) return leaveAlone(replica)
    if (has !== null && Number(has) >= Number(needed)) return replica
    reads.behind++
    return null
  }

  function choiceOf(owner: Owner): Promise<ReadReplica | null> {
    const known = chosen.get(owner) ?? choose(owner)
    chosen.set(owner, known)
    return known
  }

  /** What takes too long at the replica would take as long at the database. */
  function isReadAgain(owner: Owner, error: unknown): boolean {
    const replica = readsFrom.get(owner)
    if (!replica || !(error instanceof Unavailable) || error instanceof TimedOut) return false
    if (refusals.has(error)) return false
    // Several statements of a request may fail at once.
    if (!failed.has(owner)) chosen.set(owner, Promise.resolve(leave(replica, error)))
    failed.add(owner)
    return true
  }

  const fromDatabase: Lend = async (owner, signal, consumer) => {
    try {
      return await primary(owner, signal, consumer)
    } catch (error) {
      if (error instanceof Unavailable) refusals.add(error)
      throw error
    }
  }

  return {
    isReadAgain,
    reads: () => reads,
    async lend(owner, signal, consumer) {
      const replica = await choiceOf(owner)
      if (!replica) return fromDatabase(owner, signal, consumer)
      readsFrom.set(owner, replica)
      try {
        const result = await replica.lend(owner, signal, consumer)
        reads.replica++
        return result
      } catch (error) {
        if (!isReadAgain(owner, error)) throw error
        return fromDatabase(owner, signal, consumer)
      }
    },
  }
}
