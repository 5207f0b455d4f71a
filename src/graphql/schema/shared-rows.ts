import type { Share } from '../../db/share.ts'
import type { Owner } from '../../runtime/turns.ts'
import { createRowLoaders, type RelatedRows, type RowLoaders } from './loaders.ts'

/** The rows that executions of the same event share. */
export type SharedRows = {
  /** Joins those that execute an event in the turns of the same key. Their rows are dropped when the last has left. */
  join(event: object, owner: Owner, related: RelatedRows): { rows: RowLoaders; leave(): void }
}

type Shared = { rows: RowLoaders; executions: number }

/**
 * Shares rows among the executions of an event that are in progress, as each different subscription would read the same
 * ones again. They are read after the event has been committed, so all of them show it. Keys share nothing, so none waits
 * for the turns of another. A running statement goes on when one execution is given up, as others may wait for it.
 */
export function createSharedRows(share: Share): SharedRows {
  const ofEvents = new WeakMap<object, Map<string, Shared>>()

  return {
    join(event, owner, related) {
      const all = ofEvents.get(event) ?? new Map<string, Shared>()
      ofEvents.set(event, all)
      const { along, message } = related
      const key = JSON.stringify([owner.keyId, along, message])
      const shared = all.get(key) ?? { rows: rowsOf(owner, related), executions: 0 }
      all.set(key, shared)
      shared.executions += 1
      return {
        rows: shared.rows,
        leave() {
          shared.executions -= 1
          if (shared.executions === 0) all.delete(key)
        },
      }
    },
  }

  function rowsOf(owner: Owner, related: RelatedRows): RowLoaders {
    const db = share(owner)
    return createRowLoaders(() => db, owner.workspaceId, related)
  }
}
