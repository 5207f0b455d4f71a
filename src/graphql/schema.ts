import './scalars.ts'
import './actor.ts'
import './agent.ts'
import './api-key.ts'
import './change-conversation.ts'
import './channel.ts'
import './contact.ts'
import './conversation-event.ts'
import './conversation-list.ts'
import './conversation.ts'
import './create-conversation.ts'
import './message.ts'
import './node.ts'
import './subscription.ts'
import './workspace.ts'
import { builder } from './builder.ts'

/** The whole graph, put together from the files above. */
export const schema = builder.toSchema()
