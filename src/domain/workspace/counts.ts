import type { Tables } from '../../db/db.ts'

/**
 * The numbers of conversations in the inbox, or of those that are assigned to one agent. `unread` and `unassigned` are
 * parts of `open`. For a change: the differences.
 */
export type Counts = { open: number; closed: number; archived: number; unread: number; unassigned: number }

/** By how much a change changes the counts of its workspace, and those of agents by their ids. */
export type CountChange = { workspace: Counts; agents: ReadonlyMap<string, Counts> }

type Counted = { status: Tables['conversation']['status']; isUnread: boolean; assignedToId: string | null }

/** No conversations; for a change: no differences. */
export const noCounts: Counts = { open: 0, closed: 0, archived: 0, unread: 0, unassigned: 0 }

export const noCountChange: CountChange = { workspace: noCounts, agents: new Map() }

function weigh({ status, isUnread, assignedToId }: Counted): Counts {
  if (status === 'CLOSED') return { ...noCounts, closed: 1 }
  if (status === 'ARCHIVED') return { ...noCounts, archived: 1 }
  return { ...noCounts, open: 1, unread: Number(isUnread), unassigned: Number(assignedToId === null) }
}

const sum = (a: Counts, b: Counts): Counts => ({
  open: a.open + b.open,
  closed: a.closed + b.closed,
  archived: a.archived + b.archived,
  unread: a.unread + b.unread,
  unassigned: a.unassigned + b.unassigned,
})

const negative = ({ open, closed, archived, unread, unassigned }: Counts): Counts => ({
  open: -open,
  closed: -closed,
  archived: -archived,
  unread: -unread,
  unassigned: -unassigned,
})

/** By how much the counts change when a conversation's state changes; `before` null: the conversation is new. */
export function countChange(before: Counted | null, after: Counted): CountChange {
  const added: CountChange[] = [
    { workspace: weigh(after), agents: ofAgent(after.assignedToId, weigh(after)) },
  ]
  if (before) {
    const gone = negative(weigh(before))
    added.push({ workspace: gone, agents: ofAgent(before.assignedToId, gone) })
  }
  return sumOf(added)
}

const ofAgent = (id: string | null, counts: Counts) => new Map(id === null ? [] : [[id, counts]])

const isNone = (counts: Counts) => Object.values(counts).every(count => count === 0)

/** The changes of several conversations together. */
export function sumOf(changes: readonly CountChange[]): CountChange {
  const agents = new Map<string, Counts>()
  for (const change of changes)
    for (const [id, counts] of change.agents) agents.set(id, sum(agents.get(id) ?? noCounts, counts))
  for (const [id, counts] of agents) if (isNone(counts)) agents.delete(id)
  return { workspace: changes.map(change => change.workspace).reduce(sum, noCounts), agents }
}
