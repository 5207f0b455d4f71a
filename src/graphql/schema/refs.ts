import type { BriefAgent as AgentRow } from '../../domain/agent/rows.ts'
import type { Channel as ChannelRow } from '../../domain/channel/rows.ts'
import type { BriefContact as ContactRow } from '../../domain/contact/rows.ts'
import type { ConversationAlong as ConversationRow } from '../../domain/conversation/rows.ts'
import type { ApiKey as ApiKeyRow } from '../../domain/key/rows.ts'
import type { MessageAlong as MessageRow } from '../../domain/message/columns.ts'
import { type Noun, nouns } from '../../domain/nouns.ts'
import type { Workspace as WorkspaceRow } from '../../domain/workspace/rows.ts'
import { builder } from './builder.ts'

/**
 * The object type of each noun. Each is implemented in a file of its own, so that types that refer to one another can
 * be loaded in any order. An event's object type depends on its event type.
 */
export const objectTypes = {
  workspace: builder.objectRef<WorkspaceRow>(nouns.workspace.typeName),
  agent: builder.objectRef<AgentRow>(nouns.agent.typeName),
  channel: builder.objectRef<ChannelRow>(nouns.channel.typeName),
  contact: builder.objectRef<ContactRow>(nouns.contact.typeName),
  conversation: builder.objectRef<ConversationRow>(nouns.conversation.typeName),
  message: builder.objectRef<MessageRow>(nouns.message.typeName),
  apiKey: builder.objectRef<ApiKeyRow>(nouns.apiKey.typeName),
} satisfies Record<Exclude<Noun, 'event'>, object>

export const {
  workspace: Workspace,
  agent: Agent,
  channel: Channel,
  contact: Contact,
  conversation: Conversation,
  message: Message,
  apiKey: ApiKey,
} = objectTypes
