import type { Actor } from '../../domain/operation.ts'

/** The event streams that are open. They are cut, never completed: `complete` would tell clients to stay away. */
export type OpenStreams = {
  /**
   * Adds a stream. `cut` ends it without `complete`, so that its client reconnects. Returns a function that removes it.
   */
  add(actor: Actor, cut: () => void): () => void
  /** Cuts all streams, and each one that opens from now on. */
  close(): void
}

/** @param watchKey calls `ended` when the actor's key has ended; returns a function that stops watching */
export function createOpenStreams(watchKey: (actor: Actor, ended: () => void) => () => void): OpenStreams {
  const cuts = new Set<() => void>()
  let isClosing = false
  return {
    add(actor, cut) {
      // Its request came before the close began. Otherwise the stream would stay open after all others have been cut.
      if (isClosing) cut()
      cuts.add(cut)
      const unwatch = watchKey(actor, cut)
      return () => {
        cuts.delete(cut)
        unwatch()
      }
    },
    close() {
      isClosing = true
      for (const cut of cuts) cut()
    },
  }
}
