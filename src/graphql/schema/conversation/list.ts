import type { ConversationOrder as Order, Parent } from '../../../domain/conversation/branches.ts'
import type { Total } from '../../../domain/conversation/count.ts'
import type { ConversationFilter } from '../../../domain/conversation/filter.ts'
import { type ConversationPage, conversationPage } from '../../../domain/conversation/list.ts'
import type {
  ConversationAlong,
  Conversation as ConversationRow,
  Status,
} from '../../../domain/conversation/rows.ts'
import { searchedPage } from '../../../domain/conversation/search.ts'
import { wordsToSearch } from '../../../domain/search/input.ts'
import type { SearchedWord } from '../../../domain/search/words.ts'
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
          'The exact number of matching conversations, on all pages together. Null above 10,000 unless the number is kept: by `status` alone, or by `status` of one agent. Null also with `search`, and for a filter that takes too long to count.',
        resolve: async ({ count }) => {
          const total = await count?.()
          return total?.isExact ? total.atLeast : null
        },
      }),
      totalCountAtLeast: t.int({
        extensions: { weight: (_: Arguments, list: FieldAbove) => countWeight(list) },
        description:
          'How many conversations match at least. It is `totalCount` where that is known, else 10,000, or what this page shows.',
        resolve: async ({ count, shown }) => Math.max((await count?.())?.atLeast ?? 0, shown),
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
  const words = wordsToSearch(args.filter?.search, 'filter', 'search')
  return { cursors, order, filter, words, page: pageOf(context, cursors, args, defaultSize) }
}

const keysetOf = (order: Order) => (conversation: ConversationRow) => ({
  at: conversation[order.by],
  id: conversation.id,
})

/** A search is not counted. */
const uncounted: Total = { atLeast: 0, isExact: false }

/**
 * The conversations of a contact or an agent. Parents with the same arguments share one statement, unless they are
 * searched.
 */
export async function nestedConversations(context: Context, parent: Parent, id: string, args: ListArgs) {
  const { loaders } = context
  const { cursors, order, filter, words, page } = listOf(
    context,
    args,
    parent === 'contact' ? null : inbox,
    defaultNestedSize,
  )
  const rows = words
    ? await searchedConversations(context, { filter: within(filter, parent, id), order, page, words })
    : await loaders.conversations({ parent, filter, order, page }).load(id)
  for (const row of rows) loaders.conversation.prime(row.id, row)
  const count = async () => (words ? uncounted : loaders.conversationTotal({ parent, filter }).load(id))
  return connection(cursors, page, rows, keysetOf(order), count)
}

/** A filter that only conversations of one parent match. */
function within(filter: ConversationFilter, parent: Parent, id: string): ConversationFilter {
  const name = parent === 'contact' ? 'contactId' : 'assignedToId'
  return { ...filter, [name]: filter[name] === null || filter[name].includes(id) ? [id] : [] }
}

type Searched = Pick<ConversationPage, 'filter' | 'order' | 'page'> & { words: readonly SearchedWord[] }

async function searchedConversations(
  { db, actor, loaders, related: { along } }: Context,
  { words, ...asked }: Searched,
): Promise<ConversationAlong[]> {
  return loaders.keepAlong(await searchedPage(db, actor.workspaceId, { ...asked, along }, words))
}

builder.queryField('conversations', t =>
  t.field({
    type: ConversationConnection,
    description:
      "The inbox: the workspace's conversations, most recent message first by default. Without a `status` filter, ARCHIVED ones are left out.",
    args: listArgs,
    extensions: { weight: listWeight },
    resolve: async (_, args, context) => {
      const { cursors, order, filter, words, page } = listOf(context, args, inbox, defaultRootSize)
      const { db, actor, loaders, related } = context
      const { along } = related
      const rows = words
        ? await searchedConversations(context, { filter, order, page, words })
        : loaders.keepAlong(await conversationPage(db, actor.workspaceId, { filter, order, page, along }))
      for (const row of rows) loaders.conversation.prime(row.id, row)
      const count = async () => (words ? uncounted : loaders.total(filter))
      return connection(cursors, page, rows, keysetOf(order), count)
    },
  }),
)
