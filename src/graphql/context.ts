import type { FastifyBaseLogger } from 'fastify'
import type { Operation } from '../domain/operation.ts'
import type { Feeds } from '../live/feeds.ts'
import type { Outbox } from '../mail/outbox.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** What the graph needs from the house, the same for every request. */
export type GraphRooms = Pick<Operation, 'db' | 'committed'> & { feeds: Feeds; outbox: Outbox }

/** What a resolver has: it acts for one actor, and remembers what it has loaded for one request or one event. */
export type Context = Operation & GraphRooms & { loaders: Loaders; requestId: string; log: FastifyBaseLogger }

/** Forgets what was loaded: after a change, lists and counts are read anew. */
export function forget(context: Context): void {
  context.loaders = createLoaders(context.db, context.actor.workspaceId)
}

/** The same asker with nothing loaded yet: each event of a subscription is a new question. */
export function refreshed(context: Context): Context {
  return { ...context, loaders: createLoaders(context.db, context.actor.workspaceId) }
}
