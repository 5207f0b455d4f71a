import { notFound } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { ConversationStatusChanged } from './conversation-event.ts'

/** Refuses to wait for ever for a conversation that does not exist. @throws Refusal NOT_FOUND */
async function requireConversation({ loaders }: Context, id: string | null | undefined): Promise<void> {
  if (id != null && !(await loaders.conversation.load(id))) throw notFound('conversation', 'conversationId')
}

builder.subscriptionField('conversationStatusChanged', t =>
  t.field({
    type: ConversationStatusChanged,
    description: 'Status changes as they commit; with `after`, first everything since that cursor, in order.',
    args: {
      conversationId: t.arg.id({
        description: 'Only those of this conversation; left out: of the whole workspace.',
      }),
      after: t.arg({
        type: 'EventCursor',
        description:
          'A cursor seen before, of an event or of `Workspace.eventCursor`; left out: from now on.',
      }),
    },
    subscribe: async (_, { conversationId, after }, context) => {
      await requireConversation(context, conversationId)
      const wants = (event: Event): event is Event<'CONVERSATION_STATUS_CHANGED'> =>
        event.type === 'CONVERSATION_STATUS_CHANGED' &&
        (conversationId == null || event.conversationId === conversationId)
      return context.feeds.subscribe(context.actor.workspaceId, after ?? null, wants)
    },
    resolve: event => event,
  }),
)
