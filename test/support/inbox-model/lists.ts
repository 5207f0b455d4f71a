import fc from 'fast-check'
import { type Conversation, type Inbox, lastMessage, type Source, type Status } from './inbox.ts'
import { idOf, type Reference, references } from './inputs.ts'

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const someOf = <Value>(...values: Value[]) => optional(fc.subarray(values))

/** A generated list of conversations: its filter, order and page size, with references in place of ids. */
export const lists = fc.record({
  status: optional(fc.subarray<Status>(['OPEN', 'CLOSED', 'ARCHIVED'])),
  source: someOf<Source>('EMAIL', 'CHAT', 'FORM', 'API'),
  agents: someOf('own' as const, 'other' as const, 'unknown' as const),
  isAssigned: optional(fc.boolean()),
  isUnread: optional(fc.boolean()),
  contacts: optional(fc.array(references, { maxLength: 2 })),
  from: optional(fc.nat(7)),
  before: optional(fc.nat(7)),
  field: fc.constantFrom('LAST_MESSAGE_AT' as const, 'CREATED_AT' as const),
  isDescending: fc.boolean(),
  isBackward: fc.boolean(),
  size: fc.integer({ min: 1, max: 4 }),
})
export type List = typeof lists extends fc.Arbitrary<infer Value> ? Value : never

const timeOf = (conversation: Conversation, field: List['field']) =>
  field === 'CREATED_AT' ? conversation.createdAt : lastMessage(conversation).createdAt

const agentIdsOf = ({ agentId, otherAgentId }: Inbox, { agents }: List) =>
  agents?.map(agent => ({ own: agentId, other: otherAgentId, unknown: 'agt_unknown' })[agent])

const contactIdsOf = ({ contacts }: Inbox, list: List) =>
  list.contacts?.map((reference: Reference) =>
    idOf(
      reference,
      contacts.map(({ id }) => id),
    ),
  )

/** The bounds of the filter by time: the last messages of two conversations. */
function boundsOf({ conversations }: Inbox, { from, before }: List) {
  const at = (index: number | undefined) => {
    const conversation = index === undefined ? undefined : conversations[index % conversations.length]
    return conversation && lastMessage(conversation).createdAt
  }
  return { from: at(from), before: at(before) }
}

/** The variables of a list, but for its page. */
export function variablesOf(inbox: Inbox, list: List) {
  const { status, source, isAssigned, isUnread, field, isDescending } = list
  return {
    filter: {
      status,
      source,
      isAssigned,
      isUnread,
      assignedToId: agentIdsOf(inbox, list),
      contactId: contactIdsOf(inbox, list),
      lastMessageAt: boundsOf(inbox, list),
    },
    orderBy: { field, direction: isDescending ? 'DESC' : 'ASC' },
  }
}

/** The ids that a list must have, in its order. Equal times are sorted by id. */
export function expectedIds(inbox: Inbox, list: List): string[] {
  const { status = ['OPEN', 'CLOSED'], source, isAssigned, isUnread, field } = list
  const [agentIds, contactIds, bounds] = [
    agentIdsOf(inbox, list),
    contactIdsOf(inbox, list),
    boundsOf(inbox, list),
  ]
  const ids = inbox.conversations
    .filter(each => status.includes(each.status))
    .filter(each => source === undefined || source.includes(each.source))
    .filter(each => isAssigned === undefined || isAssigned === (each.assignedToId !== null))
    .filter(each => isUnread === undefined || isUnread === each.isUnread)
    .filter(each => agentIds === undefined || agentIds.includes(each.assignedToId ?? ''))
    .filter(each => contactIds === undefined || contactIds.includes(each.contact.id))
    .filter(each => bounds.from === undefined || timeOf(each, 'LAST_MESSAGE_AT') >= bounds.from)
    .filter(each => bounds.before === undefined || timeOf(each, 'LAST_MESSAGE_AT') < bounds.before)
    .map(each => ({ id: each.id, key: `${timeOf(each, field)} ${each.id}` }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ id }) => id)
  return list.isDescending ? ids.reverse() : ids
}
