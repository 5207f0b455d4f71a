import { notFound } from '../domain/errors.ts'
import type { Event, EventFilter, EventType } from '../domain/event.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { ConversationEvent, ConversationStatusChanged } from './conversation-event.ts'
import { ConversationEventType } from './enums.ts'
import { logSource } from './log-source.ts'
import { ConversationCounts } from './workspace.ts'

type Id = string | null | undefined
type Asked = {
  conversationId?: Id
  contactId?: Id
  types?: readonly EventType[] | null | undefined
  after?: Id
}

/** Refuses to wait for ever for something that does not exist. @throws Refusal NOT_FOUND */
async function filterOf(
  { loaders }: Context,
  { conversationId, contactId, types }: Asked,
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

/** What matches of the log: from where a reconnecting event stream stood, else from `after`, else from now on. */
async function events<Wanted extends Event>(context: Context, asked: Asked) {
  const filter = await filterOf(context, asked)
  const from = context.lastEventId ?? asked.after ?? null
  return logSource<Wanted>(await context.feeds.follow(context.actor.workspaceId, from, filter))
}

const after = {
  type: 'EventCursor',
  description: 'A cursor seen before, of an event or of `Workspace.eventCursor`; left out: from now on.',
} as const

builder.subscriptionFields(t => ({
  conversationStatusChanged: t.field({
    type: ConversationStatusChanged,
    description: 'Status changes as they commit; with `after`, first everything since that cursor, in order.',
    args: {
      conversationId: t.arg.id({
        description: 'Only those of this conversation; left out: of the whole workspace.',
      }),
      after: t.arg(after),
    },
    subscribe: (_, asked, context) =>
      events<Event<'CONVERSATION_STATUS_CHANGED'>>(context, {
        ...asked,
        types: ['CONVERSATION_STATUS_CHANGED'],
      }),
    resolve: event => event,
  }),
  conversationEvents: t.field({
    type: ConversationEvent,
    description: 'Every kind of event, or those of `types`.',
    args: {
      conversationId: t.arg.id({ description: 'Only events of this conversation.' }),
      contactId: t.arg.id({ description: 'Only events of conversations with this contact.' }),
      types: t.arg({
        type: [ConversationEventType],
        description: 'Only events of these types; left out: of all. []: none.',
      }),
      after: t.arg(after),
    },
    subscribe: (_, asked, context) => events<Event>(context, asked),
    resolve: event => event,
  }),
  conversationCountsChanged: t.field({
    type: ConversationCounts,
    description:
      'The counts at once, then the newest whenever they change, at most 4 a second; values in between may be skipped. Not aligned with conversationEvents.',
    subscribe: (_, __, { counts, actor }) => counts.watch(actor.workspaceId),
    resolve: counts => counts,
  }),
}))
