import type { FastifyBaseLogger } from 'fastify'
import type { Db } from '../db/db.ts'
import { keepOrigin, type Origin, originOf } from '../domain/event/epoch.ts'
import { repeat } from '../runtime/repeat.ts'

/** Until the next look, a log that lost its end may hand out numbers again. Whoever was given one is told then. */
const lookEveryMs = 1_000

/** The line that says so. */
export const newEpoch = 'the database is another one: a new epoch has begun'

export type OriginOptions = {
  /** A connection of its own: it looks even when requests wait. */
  probe: Db
  log: FastifyBaseLogger
  onError(error: unknown): void
}

/** Begins a new epoch of all logs when the database behind the address has become another one. */
export function watchOrigin({ probe, log, onError }: OriginOptions): { close(): Promise<void> } {
  let known: Origin | null = null

  async function look(): Promise<void> {
    const origin = await originOf(probe)
    if (origin === null || isSame(origin, known)) return
    const workspaces = await keepOrigin(probe, origin)
    known = origin
    if (workspaces > 0) log.warn({ ...origin, workspaces }, newEpoch)
  }

  const looking = repeat(look, { everyMs: lookEveryMs, onError })
  return { close: () => looking.stop() }
}

const isSame = (origin: Origin, known: Origin | null) =>
  origin.systemIdentifier === known?.systemIdentifier && origin.timeline === known.timeline
