import {
  type ConversationFilter,
  type ConversationSort,
  conversationPage,
  countConversations,
  type Parent,
  type TimeRange,
} from '../domain/conversation/list.ts'
import type { Conversation as ConversationRow, Status } from '../domain/conversation/rows.ts'
import { refusal } from '../domain/errors.ts'
import { builder } from './builder.ts'
import { connection, keyCursors, pageOf } from './connection.ts'
import type { Context } from './context.ts'
import { ConversationSource, ConversationStatus } from './enums.ts'
import { Conversation } from './refs.ts'

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which end of a list comes first.',
  values: { ASC: { description: 'Oldest first.' }, DESC: { description: 'Newest first.' } },
})

const ConversationOrderField = builder.enumType('ConversationOrderField', {
  description:
    'The time that conversations are sorted by; those of equal times by their id, the same way round.',
  values: {
    LAST_MESSAGE_AT: { description: 'When something was last said: what an inbox shows.' },
    CREATED_AT: { description: 'When it began: never changes, so paging shows each exactly once.' },
  },
})

const ConversationOrder = builder.inputType('ConversationOrder', {
  description: 'How a list of conversations is sorted. Left out: by last message, newest first.',
  fields: t => ({
    field: t.field({ type: ConversationOrderField, required: true, description: 'Which time decides.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which way round.' }),
  }),
})

const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'At or after `from`, strictly before `before`. Left out or null: open on that side.',
  fields: t => ({
    from: t.field({ type: 'DateTime', description: 'The earliest time that still matches.' }),
    before: t.field({ type: 'DateTime', description: 'The earliest time that no longer matches.' }),
  }),
})

const Filter = builder.inputType('ConversationFilter', {
  description: `All given fields must hold; within a list any value matches. Left out or null: no filter. []: matches nothing.
Unknown or foreign ids match nothing, without error. At most 100 values a list.`,
  fields: t => ({
    status: t.field({
      type: [ConversationStatus],
      description:
        'Left out or null: OPEN and CLOSED on Query.conversations and Agent.conversations, whatever else is filtered; all three on Contact.conversations.',
    }),
    source: t.field({ type: [ConversationSource], description: 'How it began.' }),
    assignedToId: t.idList({ description: 'Assigned to one of these agents.' }),
    isAssigned: t.boolean({ description: 'true: assigned to somebody. false: to nobody.' }),
    isUnread: t.boolean({ description: 'Whether something in it waits to be read.' }),
    contactId: t.idList({ description: 'With one of these contacts.' }),
    channelId: t.idList({ description: 'Through one of these channels.' }),
    lastMessageAt: t.field({ type: DateTimeRange, description: 'When something was last said.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'When it began.' }),
  }),
})

export const ConversationConnection = builder.connectionObject(
  {
    type: Conversation,
    name: 'ConversationConnection',
    description: 'A page of conversations.',
    fields: t => ({
      totalCount: t.int({
        nullable: true,
        description:
          'How many match, whatever the page. Exact; null with `search`, whose matches are not counted.',
        resolve: ({ count }) => count?.() ?? null,
      }),
    }),
  },
  { name: 'ConversationEdge', description: 'A conversation and its place in the list.' },
)

/** The arguments that every list of conversations takes. */
export const listArgs = builder.args(t => ({
  ...t.connectionArgs(),
  filter: t.field({
    type: Filter,
    description: 'Which conversations; left out: those of the default statuses.',
  }),
  orderBy: t.field({
    type: ConversationOrder,
    description: 'How they are sorted; left out: last message, newest first.',
  }),
}))

type ListArgs = {
  filter?: typeof Filter.$inferInput | null | undefined
  orderBy?: typeof ConversationOrder.$inferInput | null | undefined
} & Parameters<typeof pageOf>[1]

const inbox: readonly Status[] = ['OPEN', 'CLOSED']

/** What the arguments ask for, decoded; `statuses` is what no status filter means. @throws Refusal INVALID_INPUT, BAD_CURSOR */
function listOf(args: ListArgs, statuses: readonly Status[] | null, usual: number) {
  const { field, direction } = args.orderBy ?? { field: 'LAST_MESSAGE_AT', direction: 'DESC' }
  const sort: ConversationSort = {
    column: field === 'CREATED_AT' ? 'created_at' : 'last_message_at',
    descending: direction === 'DESC',
  }
  const cursors = keyCursors(`conversations>${sort.column}>${direction}`)
  return { cursors, sort, filter: filterOf(args.filter ?? {}, statuses), page: pageOf(cursors, args, usual) }
}

function filterOf(filter: typeof Filter.$inferInput, statuses: readonly Status[] | null): ConversationFilter {
  for (const [name, values] of Object.entries(filter))
    if (Array.isArray(values) && values.length > 100)
      throw refusal('INVALID_INPUT', `${name} must have at most 100 values.`, 'filter', name)
  const range = (given: typeof DateTimeRange.$inferInput | null | undefined): TimeRange | null =>
    given ? { from: given.from ?? null, before: given.before ?? null } : null
  return {
    status: filter.status ?? statuses,
    source: filter.source ?? null,
    assignedToId: filter.assignedToId ?? null,
    isAssigned: filter.isAssigned ?? null,
    isUnread: filter.isUnread ?? null,
    contactId: filter.contactId ?? null,
    channelId: filter.channelId ?? null,
    lastMessageAt: range(filter.lastMessageAt),
    createdAt: range(filter.createdAt),
  }
}

const keyOf = (sort: ConversationSort) => (conversation: ConversationRow) => ({
  at: sort.column === 'created_at' ? conversation.createdAt : conversation.lastMessageAt,
  id: conversation.id,
})

/** The conversations of a contact or an agent; parents that ask the same share one statement. */
export async function nestedConversations({ loaders }: Context, parent: Parent, id: string, args: ListArgs) {
  const { cursors, sort, filter, page } = listOf(args, parent === 'contact_id' ? null : inbox, 10)
  const rows = await loaders.conversations({ parent, filter, sort, page }).load(id)
  for (const row of rows) loaders.conversation.prime(row.id, row)
  const count = () => loaders.conversationTotal({ parent, filter }).load(id)
  return connection(cursors, page, rows, keyOf(sort), count)
}

/** How many match: the kept counts where only the status is filtered, else counted. */
async function total({ db, actor, loaders }: Context, filter: ConversationFilter): Promise<number> {
  const { status, ...others } = filter
  if (Object.values(others).some(value => value !== null))
    return countConversations(db, actor.workspaceId, filter)
  const kept = await loaders.workspace.load(actor.workspaceId)
  const counts = { OPEN: kept?.open ?? 0, CLOSED: kept?.closed ?? 0, ARCHIVED: kept?.archived ?? 0 }
  return [...new Set(status)].reduce((sum, each) => sum + counts[each], 0)
}

builder.queryField('conversations', t =>
  t.field({
    type: ConversationConnection,
    description:
      'The inbox: OPEN and CLOSED conversations unless `filter` says otherwise, newest last message first.',
    args: listArgs,
    resolve: async (_, args, context) => {
      const { cursors, sort, filter, page } = listOf(args, inbox, 25)
      const rows = await conversationPage(context.db, context.actor.workspaceId, { filter, sort, page })
      for (const row of rows) context.loaders.conversation.prime(row.id, row)
      return connection(cursors, page, rows, keyOf(sort), () => total(context, filter))
    },
  }),
)
