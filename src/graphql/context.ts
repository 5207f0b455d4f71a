import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../domain/operation.ts'
import type { LiveCounts } from '../live/counts.ts'
import type { Feeds } from '../live/feeds.ts'
import type { Questions } from '../live/questions.ts'
import type { Outbox } from '../mail/outbox.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** What the graph needs from the house, the same for every request. */
export type GraphRooms = Pick<Operation, 'db' | 'committed'> & {
  feeds: Feeds
  questions: Questions
  counts: LiveCounts
  outbox: Outbox
}

/** What a resolver has: it acts for one actor, and remembers what it has loaded for one request or one event. */
export type Context = Operation &
  GraphRooms & {
    loaders: Loaders
    requestId: string
    log: FastifyBaseLogger
    /** The cursor that a reconnecting event stream has seen last; it wins over `after`. */
    lastEventId?: string | undefined
  }

/** Forgets what was loaded: after a change, lists and counts are read anew. */
export function forget(context: Context): void {
  context.loaders = createLoaders(context.db, context.actor.workspaceId)
}

/**
 * The context in which an event is executed for all who ask the same: their workspace and what they may do, with nothing
 * loaded yet, and of no one of them more than that.
 */
export function shared(context: Context): Context {
  const { db, committed, feeds, questions, counts, outbox, actor, requestId, log } = context
  const { workspaceId } = actor
  const nobody = { workspaceId, id: '', keyId: '', scopes: ['read'] as const }
  const loaders = createLoaders(db, workspaceId)
  return { db, committed, feeds, questions, counts, outbox, actor: nobody, requestId, log, loaders }
}
