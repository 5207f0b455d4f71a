import type { Owner } from '../runtime/turns.ts'
import { within } from '../runtime/within.ts'
import type { Lend } from './share.ts'
import { TimedOut, Unavailable } from './unavailable.ts'

/** A copy of the database that follows it, a moment behind. It takes no changes. */
export type ReadReplica = {
  lend: Lend
  /** The revision of a workspace there. */
  revisionOf(workspaceId: string): Promise<string>
}

/** How many requests have read from a replica, and how many could not: it was behind, or away. */
export type ReplicaReads = { replica: number; behind: number; away: number }

/** How long a replica may take to tell a revision. */
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
): { lend: Lend; reads(): ReplicaReads } {
  const reads: ReplicaReads = { replica: 0, behind: 0, away: 0 }
  const awayUntil = new Map<ReadReplica, number>()
  const chosen = new WeakMap<Owner, Promise<ReadReplica | null>>()
  let turn = 0

  function leaveAlone(replica: ReadReplica): null {
    reads.away++
    awayUntil.set(replica, performance.now() + awayMs)
    return null
  }

  async function choose({ workspaceId }: Owner): Promise<ReadReplica | null> {
    const there = replicas.filter(replica => (awayUntil.get(replica) ?? 0) <= performance.now())
    const replica = there[turn++ % there.length]
    if (!replica) return null
    const told = within(tellWithinMs, replica.revisionOf(workspaceId)).catch(error =>
      error instanceof Unavailable ? undefined : null,
    )
    const [needed, has] = await Promise.all([revisionOf(workspaceId), told])
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

  return {
    reads: () => reads,
    async lend(owner, signal, consumer) {
      const replica = await choiceOf(owner)
      if (!replica) return primary(owner, signal, consumer)
      try {
        const result = await replica.lend(owner, signal, consumer)
        reads.replica++
        return result
      } catch (error) {
        // What takes too long there would take as long here.
        if (!(error instanceof Unavailable) || error instanceof TimedOut) throw error
        chosen.set(owner, Promise.resolve(leaveAlone(replica)))
        return primary(owner, signal, consumer)
      }
    },
  }
}
