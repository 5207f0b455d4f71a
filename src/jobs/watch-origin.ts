import type { FastifyBaseLogger } from 'fastify'
import type { Db } from '../db/db.ts'
import {
  beginEpochAfterLoss,
  isSameOrigin,
  isSetBack,
  keepOrigin,
  type Origin,
  originOf,
} from '../domain/event/epoch.ts'
import { repeat } from '../runtime/repeat.ts'

/** Until the next look, a log that lost its end may hand out numbers again. Whoever was given one is told then. */
const lookEveryMs = 1_000

/** The line that says so. */
export const newEpoch = 'the database is another one: a new epoch has begun'

/** The line that says so of a database that is the same, and that lacks commits. */
export const newEpochAfterLoss = 'the database has lost commits: a new epoch has begun'

export type OriginOptions = {
  /** A connection of its own: it looks even when requests wait. */
  probe: Db
  /** A new epoch may take a while, in which the probe is needed. */
  db: Db
  log: FastifyBaseLogger
  onError(error: unknown): void
}

/** Begins a new epoch of all logs when the database behind the address has become another one, or was set back. */
export function watchOrigin({ probe, db, log, onError }: OriginOptions): { close(): Promise<void> } {
  let known: Origin | null = null
  /** Whether the database was set back and no epoch could be begun for that yet. */
  let isLossOpen = false

  async function look(): Promise<void> {
    const origin = await originOf(probe)
    if (origin === null) return
    const last = known
    const isSame = last !== null && isSameOrigin(origin, last)
    isLossOpen = isSame && (isLossOpen || isSetBack(last, origin))
    if (!isSame || isLossOpen) {
      const workspaces = isSame ? await beginEpochAfterLoss(db) : await keepOrigin(db, origin)
      isLossOpen = false
      if (workspaces > 0) log.warn({ ...origin, workspaces }, isSame ? newEpochAfterLoss : newEpoch)
    }
    known = origin
  }

  const looking = repeat(look, { everyMs: lookEveryMs, onError })
  return { close: () => looking.stop() }
}
