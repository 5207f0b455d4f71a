import { LRUCache } from 'lru-cache'
import type { Share } from '../../db/share.ts'
import { createRowLoaders, type RelatedRows, type RowLoaders } from './loaders.ts'

/** The rows that the executions of one event share. */
export type SharedRows = (event: object, workspaceId: string, related: RelatedRows) => RowLoaders

/** An expensive subscription can make an event hold megabytes of rows. With more events at once, less is shared. */
const maxEvents = 16
/** All live executions of an event begin at about the same time. */
const sharedForMs = 1_000

/**
 * Shares rows among all executions of one event, as each different subscription would read the same ones again. They are
 * read after the event has been committed, so all of them show it. A statement that fails is not kept. Their statements
 * have turns of their own in each workspace, and go on when the subscribers of one subscription leave.
 */
export function createSharedRows(share: Share): SharedRows {
  const ofEvents = new LRUCache<object, Map<string, RowLoaders>>({
    max: maxEvents,
    ttl: sharedForMs,
    ttlAutopurge: true,
  })

  return (event, workspaceId, related) => {
    const byRelated = ofEvents.get(event) ?? new Map<string, RowLoaders>()
    // Its time counts from the first execution.
    if (byRelated.size === 0) ofEvents.set(event, byRelated)
    const key = JSON.stringify([workspaceId, related])
    const known = byRelated.get(key)
    if (known) return known
    const db = share({ workspaceId, keyId: `events ${workspaceId}` })
    const rows = createRowLoaders(() => db, workspaceId, related)
    byRelated.set(key, rows)
    return rows
  }
}
