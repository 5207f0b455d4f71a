import type { ConversationFilter } from '../../../domain/conversation/filter.ts'
import {
  conversationPage,
  countConversations,
  type ConversationOrder as Order,
  type Parent,
} from '../../../domain/conversation/list.ts'
import type { Conversation as ConversationRow, Status } from '../../../domain/conversation/rows.ts'
import { builder } from '../builder.ts'
import {
  type ConnectionArguments,
  connection,
  defaultNestedSize,
  defaultRootSize,
  pageOf,
} from '../connection.ts'
import type { Context } from '../context.ts'
import { timeCursors } from '../cursors.ts'
import { Conversation } from '../refs.ts'
import type { Arguments, FieldAbove } from '../weight.ts'
import { ConversationOrder, Filter, filterOf, orderOf } from './filter.ts'
import { countWeight, listWeight } from './list-weight.ts'

export const ConversationConnection = builder.connectionObject(
  {
    type: Conversation,
    name: 'ConversationConnection',
    description: 'A page of conversations.',
    fields: t => ({
      totalCount: t.int({
        nullable: true,
        extensions: { weight: (_: Arguments, list: FieldAbove) => countWeight(list) },
        description:
          'The exact number of matching conversations, on all pages together. It is currently never null.',
        resolve: ({ count }) => count?.() ?? null,
      }),
    }),
  },
  { name: 'ConversationEdge', description: 'A conversation and its cursor.' },
)

/** The arguments that every list of conversations takes. */
export const listArgs = builder.args(t => ({
  ...t.connectionArgs(),
  filter: t.field({
    type: Filter,
    description: 'Returns only conversations that match. The default is that of `ConversationFilter.status`.',
  }),
  orderBy: t.field({
    type: ConversationOrder,
    description: 'The sort order. Default: last message, newest first.',
  }),
}))

type ListArgs = {
  filter?: typeof Filter.$inferInput | null | undefined
  orderBy?: typeof ConversationOrder.$inferInput | null | undefined
} & ConnectionArguments

const inbox: readonly Status[] = ['OPEN', 'CLOSED']

/** The names of the sort times in cursors. Clients may hold older cursors, so the names must not change. */
const cursorNames = { lastMessageAt: 'last_message_at', createdAt: 'created_at' } as const satisfies Record<
  Order['by'],
  string
>

/**
 * The page, filter and order of the arguments; `statuses` is used if the filter has no status.
 * @throws Refusal INVALID_INPUT, BAD_CURSOR
 */
function listOf(context: Context, args: ListArgs, statuses: readonly Status[] | null, defaultSize: number) {
  const order = orderOf(args.orderBy)
  const cursors = timeCursors(`conversations>${cursorNames[order.by]}>${order.descending ? 'DESC' : 'ASC'}`)
  const filter = filterOf(context, args.filter ?? {}, statuses)
  return { cursors, order, filter, page: pageOf(context, cursors, args, defaultSize) }
}

const keysetOf = (order: Order) => (conversation: ConversationRow) => ({
  at: conversation[order.by],
  id: conversation.id,
})

/** The conversations of a contact or an agent. Parents with the same arguments share one statement. */
export async function nestedConversations(context: Context, parent: Parent, id: string, args: ListArgs) {
  const { loaders } = context
  const { cursors, order, filter, page } = listOf(
    context,
    args,
    parent === 'contact' ? null : inbox,
    defaultNestedSize,
  )
  const rows = await loaders.conversations({ parent, filter, order, page }).load(id)
  for (const row of rows) loaders.conversation.prime(row.id, row)
  const count = () => loaders.conversationTotal({ parent, filter }).load(id)
  return connection(cursors, page, rows, keysetOf(order), count)
}

/**
 * The number of matching conversations. It is read from the kept counts if only the status is filtered, else counted.
 */
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
      "The inbox: the workspace's conversations, most recent message first by default. Without a `status` filter, ARCHIVED ones are left out.",
    args: listArgs,
    extensions: { weight: listWeight },
    resolve: async (_, args, context) => {
      const { cursors, order, filter, page } = listOf(context, args, inbox, defaultRootSize)
      const { db, actor, loaders, related: along } = context
      const rows = await conversationPage(db, actor.workspaceId, { filter, order, page, along })
      loaders.keepAlong(rows)
      for (const row of rows) loaders.conversation.prime(row.id, row)
      return connection(cursors, page, rows, keysetOf(order), () => total(context, filter))
    },
  }),
)
