import type { Tables } from '../../db/db.ts'

/**
 * The numbers of conversations in the inbox. `unread` and `unassigned` are parts of `open`. For a change: the
 * differences.
 */
export type Counts = { open: number; closed: number; archived: number; unread: number; unassigned: number }

type Counted = { status: Tables['conversation']['status']; isUnread: boolean; assignedToId: string | null }

/** No conversations; for a change: no differences. */
export const noCounts: Counts = { open: 0, closed: 0, archived: 0, unread: 0, unassigned: 0 }

function weigh({ status, isUnread, assignedToId }: Counted): Counts {
  if (status === 'CLOSED') return { ...noCounts, closed: 1 }
  if (status === 'ARCHIVED') return { ...noCounts, archived: 1 }
  return { ...noCounts, open: 1, unread: Number(isUnread), unassigned: Number(assignedToId === null) }
}

/** By how much the counts change when a conversation's state changes; `before` null: the conversation is new. */
export function countChange(before: Counted | null, after: Counted): Counts {
  const from = before ? weigh(before) : noCounts
  const to = weigh(after)
  return {
    open: to.open - from.open,
    closed: to.closed - from.closed,
    archived: to.archived - from.archived,
    unread: to.unread - from.unread,
    unassigned: to.unassigned - from.unassigned,
  }
}
