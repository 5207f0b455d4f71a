import type { Noun } from '../../src/domain/nouns.ts'
import { textPositions } from './schema-positions.ts'
import type { Filled } from './two-workspaces.ts'

/**
 * What the text at a position names: a row of this noun or of any, a contact by its address, a place in a list or in the
 * event log, or a request. `nothing`: the text is only stored.
 */
export type Names = Noun | 'any noun' | 'address' | 'list' | 'event log' | 'request' | 'nothing'

/** `beside` are the other arguments that the field needs, or that let the text matter. */
export type KnownPosition = { names: Names; beside?: (own: Filled) => Record<string, unknown> }

const names = (what: Names, beside?: KnownPosition['beside']): KnownPosition =>
  beside ? { names: what, beside } : { names: what }

const contentText = 'Hello'
const toConversation = ({ ids }: Filled) => ({ input: { conversationId: ids.conversation, contentText } })
const toContact = ({ ids }: Filled) => ({ input: { contactId: ids.contact, source: 'EMAIL', contentText } })
const fromNobody = () => ({ input: { source: 'EMAIL', contentText } })
const toNew = () => ({ input: { email: 'new@example.com', contentText } })
const fromTheStart = ({ eventCursor }: Filled) => ({ after: eventCursor })

/** The cursors of all lists. */
const lists = Object.fromEntries(
  textPositions()
    .filter(({ parent, path }) => parent !== 'Subscription' && ['after', 'before'].includes(path.join()))
    .map(({ coordinate }) => [coordinate, names('list')]),
)

const conversationList = (field: string): Record<string, KnownPosition> => ({
  [`${field}(filter.assignedToId)`]: names('agent'),
  [`${field}(filter.channelId)`]: names('channel'),
  [`${field}(filter.contactId)`]: names('contact'),
  [`${field}(filter.search)`]: names('nothing'),
})

/** Every position of a text in the schema, by its coordinate. */
export const knownPositions: Record<string, KnownPosition> = {
  ...lists,
  ...conversationList('Query.conversations'),
  ...conversationList('Agent.conversations'),
  ...conversationList('Contact.conversations'),
  'Query.contact(id)': names('contact'),
  'Query.contacts(search)': names('nothing'),
  'Query.contactByEmail(email)': names('address'),
  'Query.conversation(id)': names('conversation'),
  'Query.node(id)': names('any noun'),
  'Query.nodes(ids)': names('any noun'),
  'Mutation.addNote(input.contentText)': names('nothing'),
  'Mutation.addNote(input.conversationId)': names('conversation', () => ({ input: { contentText } })),
  'Mutation.addNote(input.idempotencyKey)': names('request', toConversation),
  'Mutation.assignConversation(input.agentId)': names('agent', ({ ids }) => ({
    input: { conversationId: ids.conversation },
  })),
  'Mutation.assignConversation(input.conversationId)': names('conversation', () => ({
    input: { agentId: null },
  })),
  'Mutation.createAgent(input.email)': names('nothing'),
  'Mutation.createAgent(input.name)': names('nothing'),
  'Mutation.createApiKey(input.agentId)': names('agent', () => ({
    input: { name: 'key', scopes: ['READ'] },
  })),
  'Mutation.createApiKey(input.name)': names('nothing'),
  'Mutation.createChannel(input.address)': names('nothing'),
  'Mutation.createChannel(input.name)': names('nothing'),
  'Mutation.deactivateAgent(input.agentId)': names('agent'),
  'Mutation.renameAgent(input.agentId)': names('agent', () => ({ input: { name: 'Jo' } })),
  'Mutation.renameAgent(input.name)': names('nothing'),
  'Mutation.renameChannel(input.channelId)': names('channel', () => ({ input: { name: 'Post' } })),
  'Mutation.renameChannel(input.name)': names('nothing'),
  'Mutation.revokeApiKey(input.apiKeyId)': names('apiKey'),
  'Mutation.updateConversations(input.agentId)': names('agent', ({ ids }) => ({
    input: { conversationIds: [ids.conversation] },
  })),
  'Mutation.updateConversations(input.conversationIds)': names('conversation', () => ({
    input: { status: 'ARCHIVED' },
  })),
  'Mutation.updateConversations(input.idempotencyKey)': names('request', ({ ids }) => ({
    input: { conversationIds: [ids.conversation], isUnread: true },
  })),
  'Mutation.createConversation(input.channelId)': names('channel', toNew),
  'Mutation.createConversation(input.contentText)': names('nothing'),
  'Mutation.createConversation(input.email)': names('address', () => ({ input: { contentText } })),
  'Mutation.createConversation(input.idempotencyKey)': names('request', toNew),
  'Mutation.createConversation(input.name)': names('nothing'),
  'Mutation.createConversation(input.subject)': names('nothing'),
  'Mutation.receiveMessage(input.channelId)': names('channel', toContact),
  'Mutation.receiveMessage(input.contactId)': names('contact', fromNobody),
  'Mutation.receiveMessage(input.contentText)': names('nothing'),
  'Mutation.receiveMessage(input.conversationId)': names('conversation', fromNobody),
  'Mutation.receiveMessage(input.email)': names('address', fromNobody),
  'Mutation.receiveMessage(input.externalId)': names('request', toContact),
  'Mutation.receiveMessage(input.name)': names('nothing'),
  'Mutation.receiveMessage(input.subject)': names('nothing'),
  'Mutation.replyToConversation(input.contentText)': names('nothing'),
  'Mutation.replyToConversation(input.conversationId)': names('conversation', () => ({
    input: { contentText },
  })),
  'Mutation.replyToConversation(input.idempotencyKey)': names('request', toConversation),
  'Mutation.setConversationStatus(input.conversationId)': names('conversation', () => ({
    input: { status: 'ARCHIVED' },
  })),
  'Mutation.setConversationUnread(input.conversationId)': names('conversation', () => ({
    input: { isUnread: true },
  })),
  'Subscription.conversationCountsChanged(agentId)': names('agent'),
  'Subscription.conversationEvents(after)': names('event log'),
  'Subscription.conversationEvents(contactId)': names('contact', fromTheStart),
  'Subscription.conversationEvents(conversationId)': names('conversation', fromTheStart),
  'Subscription.conversationStatusChanged(after)': names('event log'),
  'Subscription.conversationStatusChanged(conversationId)': names('conversation', fromTheStart),
}
