import { LRUCache } from 'lru-cache'
import type { Share } from '../../db/share.ts'
import { createRowLoaders, type RelatedRows, type RowLoaders } from './loaders.ts'

/** The rows that the executions of one event share. */
export type SharedRows = (event: object, workspaceId: string, related: RelatedRows) => RowLoaders

/** Events are executed one after the other in each workspace, and seldom for long. */
const maxEvents = 200

/**
 * Shares rows among all executions of one event, as each different subscription would read the same ones again. They are
 * read after the event has been committed, so all of them show it. A statement that fails is not kept. Their statements
 * have turns of their own in each workspace, and go on when the subscribers of one subscription leave.
 */
export function createSharedRows(share: Share): SharedRows {
  const ofEvents = new LRUCache<object, Map<string, RowLoaders>>({ max: maxEvents })

  return (event, workspaceId, related) => {
    const byRelated = ofEvents.get(event) ?? new Map<string, RowLoaders>()
    ofEvents.set(event, byRelated)
    const key = JSON.stringify(related)
    const known = byRelated.get(key)
    if (known) return known
    const db = share({ workspaceId, keyId: `events ${workspaceId}` })
    const rows = createRowLoaders(() => db, workspaceId, related)
    byRelated.set(key, rows)
    return rows
  }
}
