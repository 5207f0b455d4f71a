import type { Place } from './statements.ts'

/** The gateway's cursor form, so that answers can be compared byte by byte. */
export const cursorOf = (list: string, { at, id }: Place) =>
  Buffer.from(`${list}:${at.getTime().toString(36)}:${id}`).toString('base64url')

export const inboxCursors = 'conversations>last_message_at>DESC'
export const messageCursors = 'messages'

/** The place in an inbox cursor; null: the list begins. */
export function placeOf(cursor: string | null | undefined): Place | null {
  if (cursor == null) return null
  const [, at = '', id = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(':')
  return { at: new Date(Number.parseInt(at, 36)), id }
}

/** A connection of up to one row more than the page holds. */
export function connectionOf<Row>(list: string, rows: readonly Row[], size: number, at: (row: Row) => Place) {
  const nodes = rows.slice(0, size)
  const last = nodes.at(-1)
  return {
    edges: nodes.map(node => ({ node })),
    pageInfo: {
      hasNextPage: rows.length > size,
      endCursor: last === undefined ? null : cursorOf(list, at(last)),
    },
  }
}

export const byLastMessage = ({ lastMessageAt: at, id }: { lastMessageAt: Date; id: string }): Place => ({
  at,
  id,
})
export const byCreation = ({ createdAt: at, id }: { createdAt: Date; id: string }): Place => ({ at, id })

export const byId = <Row extends { id: string }>(rows: readonly Row[]) =>
  new Map(rows.map(row => [row.id, row]))

/** The distinct ids, without null. */
export const distinct = (ids: readonly (string | null)[]) => [...new Set(ids.filter(id => id !== null))]

/** The messages of each conversation, oldest first, from rows that come newest first. */
export function oldestFirstByConversation<Row extends { conversationId: string }>(rows: readonly Row[]) {
  return Map.groupBy(rows.toReversed(), row => row.conversationId)
}
