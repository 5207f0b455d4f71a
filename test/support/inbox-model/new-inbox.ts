import { createAgent } from '../../../src/domain/agent/create.ts'
import { createChannel } from '../../../src/domain/channel/create.ts'
import { type Gateway, newWorkspace } from '../gateway.ts'
import type { NewInbox } from './inbox.ts'

/** A new workspace with two agents, an EMAIL and a CHAT channel, and a client that acts as the first agent. */
export async function newInbox(gateway: Gateway): Promise<NewInbox> {
  const { id, agentId, channelId, client } = await newWorkspace(gateway)
  const [otherAgentId, chatChannelId] = await gateway.db
    .transaction()
    .execute(async writer => [
      await createAgent(writer, id, { name: 'Bo', email: 'bo@acme.test' }),
      await createChannel(writer, id, { name: 'Chat', source: 'CHAT' }),
    ])
  return { workspaceId: id, agentId, otherAgentId, emailChannelId: channelId, chatChannelId, client }
}
