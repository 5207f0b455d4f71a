import { expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { seqOf, toCursor } from '../../src/domain/event/cursor.ts'
import { type EventFilter, eventsBetween } from '../../src/domain/event/rows.ts'
import type { EventType } from '../../src/domain/event/types.ts'
import { pick, type Subscriber } from './resuming-clients.ts'

const types: EventType[] = [
  'CONVERSATION_STATUS_CHANGED',
  'CONVERSATION_ASSIGNED',
  'MESSAGE_ADDED',
  'CONVERSATION_CREATED',
]

/** The filters that subscribers have in turn. */
export function filterOf(
  index: number,
  conversations: readonly { id: string; contactId: string }[],
): EventFilter {
  const none = { types: null, conversationId: null, contactId: null }
  const one = conversations[index % conversations.length]
  const filters: EventFilter[] = [
    none,
    { ...none, types: ['CONVERSATION_STATUS_CHANGED'] },
    { ...none, types: [...new Set([pick(types), pick(types)])] },
    { ...none, conversationId: one?.id ?? null },
    { ...none, contactId: one?.contactId ?? null, types: ['CONVERSATION_ASSIGNED'] },
  ]
  return filters[index % filters.length] ?? none
}

/**
 * Waits until each subscriber has heard of the whole log of the database, by its filter, in order and once.
 *
 * @returns the number of the newest event
 */
export async function expectExactHistories(
  db: Db,
  workspaceId: string,
  from: string,
  subscribers: readonly Subscriber[],
): Promise<number> {
  const { head } = await db
    .selectFrom('workspace')
    .select('event_seq as head')
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow()
  const after = seqOf(workspaceId, from) ?? 0
  for (const [index, { filter, heard }] of subscribers.entries()) {
    const log = await eventsBetween(db, workspaceId, { after, upTo: head, filter, limit: 1_000_000 })
    const expected = log.map(toCursor)
    // The outbox may record an outcome after the head was read.
    const upToHead = () => heard.filter(cursor => cursor <= toCursor({ workspaceId, seq: head }))
    await expect
      .poll(() => upToHead().length >= expected.length)
      .toBe(true)
      .catch(() => {})
    const compared = upToHead()
    const differs = expected.findIndex((cursor, index) => compared[index] !== cursor)
    const where = `subscriber ${index} heard ${compared.length} of ${expected.length}, and otherwise from ${differs} on`
    expect(compared, where).toEqual(expected)
  }
  return head
}
