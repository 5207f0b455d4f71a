import type { ConversationFilter } from '../__generated__/askForListQuery.graphql.ts'

export const statuses = ['OPEN', 'CLOSED', 'ARCHIVED'] as const
export const sources = ['EMAIL', 'CHAT', 'FORM', 'API'] as const
export const scopes = ['all', 'mine', 'unassigned', 'unread'] as const

export type Status = (typeof statuses)[number]
export type Source = (typeof sources)[number]
export type Scope = (typeof scopes)[number]

/** Which conversations a list shows. `agentId` is the viewer's for `mine`, or that of the filter. */
export type View = {
  scope: Scope
  status: Status
  source: Source | null
  agentId: string | null
  search: string
}

/** What decides whether a conversation belongs to a view, and where. */
export type ConversationState = {
  id: string
  status: Status
  isUnread: boolean
  source: Source
  lastMessageAt: string
  assignedTo: { id: string } | null | undefined
}

/** The filter that the gateway is asked with. */
export function filterOf({ scope, status, source, agentId, search }: View): ConversationFilter {
  return {
    status: [status],
    ...(agentId !== null && { assignedToId: [agentId] }),
    ...(scope === 'unassigned' && { isAssigned: false }),
    ...(scope === 'unread' && { isUnread: true }),
    ...(source !== null && { source: [source] }),
    ...(isSearch(search) && { search }),
  }
}

/**
 * Whether a conversation belongs to a view. `false` for one that is not known to be found by the view's search: only the
 * gateway knows, so a list with a search is asked for again.
 */
export function belongs(conversation: ConversationState, view: View): boolean {
  return !isSearch(view.search) && stays(conversation, view)
}

/** Whether a conversation that a list has loaded still belongs to it. */
export function stays({ status, isUnread, source, assignedTo }: ConversationState, view: View): boolean {
  return (
    status === view.status &&
    (view.agentId === null || assignedTo?.id === view.agentId) &&
    (view.scope !== 'unassigned' || !assignedTo) &&
    (view.scope !== 'unread' || isUnread) &&
    (view.source === null || source === view.source)
  )
}

/** The order of a list: the newest message first, and the id as in the gateway's order. */
export function byLastMessage(a: ConversationState, b: ConversationState): number {
  if (a.lastMessageAt !== b.lastMessageAt) return a.lastMessageAt < b.lastMessageAt ? 1 : -1
  return a.id < b.id ? 1 : -1
}

/** The gateway refuses a search without a letter or digit. While one is being typed, it does not filter. */
export const isSearch = (search: string): boolean => /[\p{L}\p{N}]/u.test(search)
