import type { Tables } from '../../db/db.ts'

/** How many conversations the inbox holds; unread and unassigned are parts of open. As a change: by how much. */
export type Counts = { open: number; closed: number; archived: number; unread: number; unassigned: number }

type Counted = { status: Tables['conversation']['status']; isUnread: boolean; assignedToId: string | null }

const none: Counts = { open: 0, closed: 0, archived: 0, unread: 0, unassigned: 0 }

function weigh({ status, isUnread, assignedToId }: Counted): Counts {
  if (status === 'CLOSED') return { ...none, closed: 1 }
  if (status === 'ARCHIVED') return { ...none, archived: 1 }
  return { ...none, open: 1, unread: Number(isUnread), unassigned: Number(assignedToId === null) }
}

/** By how much the counts move when a conversation turns from one state into another; null: it is new. */
export function countChange(before: Counted | null, after: Counted): Counts {
  const from = before ? weigh(before) : none
  const to = weigh(after)
  return {
    open: to.open - from.open,
    closed: to.closed - from.closed,
    archived: to.archived - from.archived,
    unread: to.unread - from.unread,
    unassigned: to.unassigned - from.unassigned,
  }
}
