import type { Operation } from '../domain/operation.ts'
import type { Feeds } from './feeds.ts'
import type { Hints } from './hints.ts'

/** Announces a committed change: to this process's feeds and, if the log is watched, by a hint to other processes. */
export const createAnnounce =
  (feeds: Pick<Feeds, 'hint'>, hints: Pick<Hints, 'publish'>): Operation['announce'] =>
  (workspaceId, isWatched) => {
    feeds.hint(workspaceId)
    if (isWatched) hints.publish(workspaceId)
  }
