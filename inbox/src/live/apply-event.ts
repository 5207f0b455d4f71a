import { ConnectionHandler, type RecordProxy, type RecordSourceSelectorProxy } from 'relay-runtime'
import { addConversation, addNode } from '../graph/connections.ts'
import { belongs, type ConversationState, type View } from '../list/view.ts'

/** A list on the page: its connection, and which conversations it shows. */
export type OpenList = { connectionId: string; view: View }

/**
 * Puts what an event brought where the page shows it: its conversation into the lists, its message and itself into the
 * stream of its conversation. The conversation's own fields are in the store already. Applying an event again changes
 * nothing. A conversation that leaves a list stays in its connection, and the list leaves it out.
 */
export function applyEvent(store: RecordSourceSelectorProxy, lists: Iterable<OpenList>): void {
  const event = store.getRootField('conversationEvents')
  const conversation = event?.getLinkedRecord('conversation')
  if (!event || !conversation) return
  for (const { connectionId, view } of lists) {
    const connection = store.get(connectionId)
    if (connection && belongs(stateOf(conversation), view)) addConversation(store, connection, conversation)
  }
  const message = event.getType() === 'MessageAdded' ? event.getLinkedRecord('message') : null
  if (message)
    addNode(store, ConnectionHandler.getConnection(conversation, 'Stream_messages'), message, 'MessageEdge')
  if (shownInStream.has(event.getType()))
    addNode(
      store,
      ConnectionHandler.getConnection(conversation, 'Stream_events'),
      event,
      'ConversationEventEdge',
    )
}

const shownInStream = new Set(['ConversationCreated', 'ConversationStatusChanged', 'ConversationAssigned'])

function stateOf(conversation: RecordProxy): ConversationState {
  const value = <Name extends keyof ConversationState>(name: Name) =>
    conversation.getValue(name) as ConversationState[Name]
  const assignee = conversation.getLinkedRecord('assignedTo')
  return {
    id: value('id'),
    status: value('status'),
    isUnread: value('isUnread'),
    source: value('source'),
    lastMessageAt: value('lastMessageAt'),
    assignedTo: assignee ? { id: String(assignee.getValue('id')) } : null,
  }
}
