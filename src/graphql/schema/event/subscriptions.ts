import { notFound } from '../../../domain/errors.ts'
import type { Event, EventFilter } from '../../../domain/event/rows.ts'
import type { EventType } from '../../../domain/event/types.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { ConversationEventType } from '../enums.ts'
import { ConversationCounts } from '../workspace.ts'
import { ConversationEvent } from './interface.ts'
import { logSource } from './log-source.ts'
import { ConversationStatusChanged } from './types.ts'

type Id = string | null | undefined
type EventArguments = {
  conversationId?: Id
  contactId?: Id
  types?: readonly EventType[] | null | undefined
  after?: Id
}

/**
 * The filter of the arguments. An id that does not exist is refused, because no event would ever match it.
 * @throws Refusal NOT_FOUND
 */
async function filterOf(
  { loaders }: Context,
  { conversationId, contactId, types }: EventArguments,
): Promise<EventFilter> {
  if (conversationId != null && !(await loaders.conversation.load(conversationId)))
    throw notFound('conversation', 'conversationId')
  if (contactId != null && !(await loaders.contact.load(contactId))) throw notFound('contact', 'contactId')
  return {
    conversationId: conversationId ?? null,
    contactId: contactId ?? null,
    types: types ? [...new Set(types)] : null,
  }
}

/**
 * The matching events of the log: after the last event of a reconnecting event stream, else after `after`, else from
 * now on.
 */
async function events<Wanted extends Event>(context: Context, args: EventArguments) {
  const filter = await filterOf(context, args)
  const from = context.lastEventId ?? args.after ?? null
  const { workspaceId, keyId } = context.actor
  return logSource<Wanted>(await context.feeds.follow({ workspaceId, keyId, filter }, from, context.signal))
}

const after = {
  type: 'EventCursor',
  description:
    "Starts after this cursor. Default: only events from now on. BAD_CURSOR if it is not a cursor of this workspace, CURSOR_EXPIRED if events after it were deleted. An event stream's `Last-Event-ID` header takes precedence.",
} as const

builder.subscriptionFields(t => ({
  conversationStatusChanged: t.field({
    type: ConversationStatusChanged,
    description:
      'Status changes, sent as they commit. With `after`, all changes since that cursor are sent first, in order.',
    args: {
      conversationId: t.arg.id({
        description:
          'Returns only changes of this conversation. Default: the whole workspace. NOT_FOUND if it is unknown.',
      }),
      after: t.arg(after),
    },
    subscribe: (_, args, context) =>
      events<Event<'CONVERSATION_STATUS_CHANGED'>>(context, {
        ...args,
        types: ['CONVERSATION_STATUS_CHANGED'],
      }),
    resolve: event => event,
  }),
  conversationEvents: t.field({
    type: ConversationEvent,
    description:
      'Events that match all given arguments, sent as they commit. With `after`, all events since that cursor are sent first, in order.',
    args: {
      conversationId: t.arg.id({
        description: 'Returns only events of this conversation. NOT_FOUND if it is unknown.',
      }),
      contactId: t.arg.id({
        description: 'Returns only events of conversations with this contact. NOT_FOUND if it is unknown.',
      }),
      types: t.arg({
        type: [ConversationEventType],
        description: 'Returns only events of these types. Default: all. `[]` returns none.',
      }),
      after: t.arg(after),
    },
    subscribe: (_, args, context) => events<Event>(context, args),
    resolve: event => event,
  }),
  conversationCountsChanged: t.field({
    type: ConversationCounts,
    description:
      'The current counts at once, then the newest counts after each change, at most 4 times a second. Intermediate values may be skipped. Not synchronized with `conversationEvents`.',
    args: {
      agentId: t.arg.id({
        description:
          'Returns the counts of what is assigned to this agent. Default: of the whole workspace. NOT_FOUND if it is unknown.',
      }),
    },
    subscribe: async (_, { agentId }, { counts, actor, loaders }) => {
      if (agentId != null && !(await loaders.agent.load(agentId))) throw notFound('agent', 'agentId')
      return counts.watch(actor.workspaceId, agentId ?? null)
    },
    resolve: counts => counts,
  }),
}))
