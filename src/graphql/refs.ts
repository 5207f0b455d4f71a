import type { Agent as AgentRow } from '../domain/agent/rows.ts'
import type { Channel as ChannelRow } from '../domain/channel/rows.ts'
import type { Contact as ContactRow } from '../domain/contact/rows.ts'
import type { Conversation as ConversationRow } from '../domain/conversation/rows.ts'
import type { Message as MessageRow } from '../domain/message/rows.ts'
import { builder } from './builder.ts'

// The types that refer to one another in circles. They stand apart so that their files may load in any order.

export const Agent = builder.objectRef<AgentRow>('Agent')
export const Channel = builder.objectRef<ChannelRow>('Channel')
export const Contact = builder.objectRef<ContactRow>('Contact')
export const Conversation = builder.objectRef<ConversationRow>('Conversation')
export const Message = builder.objectRef<MessageRow>('Message')
