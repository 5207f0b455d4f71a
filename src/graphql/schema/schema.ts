import './scalars.ts'
import './actor.ts'
import './agent-administration.ts'
import './channel-administration.ts'
import './conversation/create.ts'
import './conversation/list.ts'
import './conversation/mutations.ts'
import './conversation/update-many.ts'
import './event/subscriptions.ts'
import './key-administration.ts'
import './message/mutations.ts'
import './message/receive.ts'
import './node.ts'
import type { EventType } from '../../domain/event/types.ts'
import type { Noun } from '../../domain/nouns.ts'
import { agentType } from './agent.ts'
import { apiKeyType } from './api-key.ts'
import { builder } from './builder.ts'
import { channelType } from './channel.ts'
import { contactType } from './contact.ts'
import { conversationType } from './conversation/type.ts'
import { countTexts } from './count-texts.ts'
import { ConversationEvent } from './event/interface.ts'
import { eventObjectTypes } from './event/types.ts'
import { messageType } from './message/type.ts'
import { readPlainly } from './plain-fields.ts'
import { workspaceType } from './workspace.ts'

type Implemented = { name: string }

/** The type of each noun and of each event type. One that is not implemented does not compile. */
const implemented: Record<Noun | EventType, Implemented> = {
  workspace: workspaceType,
  agent: agentType,
  channel: channelType,
  contact: contactType,
  conversation: conversationType,
  message: messageType,
  apiKey: apiKeyType,
  event: ConversationEvent,
  ...eventObjectTypes,
}

/** The whole graph, put together from the files above. */
export const schema = readPlainly(builder.toSchema())
countTexts(schema)

/** The same for compiled queries. Their texts are counted when the answer is there, not one by one. */
export const uncountedSchema = readPlainly(builder.toSchema())

for (const { name } of Object.values(implemented))
  if (!schema.getType(name)) throw new Error(`The type ${name} is not part of the schema.`)
