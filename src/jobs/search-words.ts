import type { FastifyBaseLogger } from 'fastify'
import type { Db, Writer } from '../db/db.ts'
import {
  completeContacts,
  completeConversations,
  markSearchable,
  unsearchableWorkspaces,
} from '../domain/search/complete.ts'
import { repeat } from '../runtime/repeat.ts'

/** Writers of these conversations wait for so many to be done. */
const conversationsAtOnce = 50
const contactsAtOnce = 500
const tryAgainAfterMs = 5_000
/** All workspaces that this version creates are searchable, so only another process can leave new work. */
const lookAgainEveryMs = 3_600_000
const tellEveryMs = 10_000

type Complete = typeof completeConversations

/**
 * Makes what was written before there was a search searchable, in small transactions, while the gateway serves. A job
 * that ends half-way goes on where it was. Several processes may do it at once: one waits for the other's rows and then
 * finds them done.
 */
export function completeSearch(
  db: Db,
  log: FastifyBaseLogger,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  async function completeAll(signal: AbortSignal): Promise<void> {
    for (const workspaceId of await unsearchableWorkspaces(db)) {
      await inBatches(workspaceId, 'contacts', completeContacts, contactsAtOnce, signal)
      await inBatches(workspaceId, 'conversations', completeConversations, conversationsAtOnce, signal)
      if (signal.aborted) return
      await db.transaction().execute((writer: Writer) => markSearchable(writer, workspaceId))
      log.info({ workspaceId }, 'the workspace is searchable')
    }
  }

  async function inBatches(
    workspaceId: string,
    what: string,
    complete: Complete,
    size: number,
    signal: AbortSignal,
  ): Promise<void> {
    let after: string | null = ''
    let batches = 0
    let toldAt = performance.now()
    while (after !== null && !signal.aborted) {
      const from: string = after
      after = await db.transaction().execute(writer => complete(writer, workspaceId, { after: from, size }))
      batches++
      if (performance.now() - toldAt < tellEveryMs) continue
      toldAt = performance.now()
      log.info({ workspaceId, [what]: batches * size }, 'making a workspace searchable')
    }
  }

  const completing = repeat(completeAll, {
    everyMs: lookAgainEveryMs,
    backoffMs: [tryAgainAfterMs],
    onError,
  })
  return { close: () => completing.stop() }
}
