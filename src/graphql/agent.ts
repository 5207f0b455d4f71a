import { agentPage } from '../domain/agent/rows.ts'
import { Actor } from './actor.ts'
import { builder } from './builder.ts'
import { connection, keyCursors, pageOf } from './connection.ts'
import { ConversationConnection, listArgs, nestedConversations } from './conversation-list.ts'
import { Node } from './node.ts'
import { Agent } from './refs.ts'

Agent.implement({
  description: 'A member of the support team, to whom conversations are assigned.',
  interfaces: [Node, Actor],
  fields: t => ({
    email: t.exposeString('email', {
      description: 'Unique among the agents of the workspace, whatever its case.',
    }),
    avatarUrl: t.exposeString('avatarUrl', {
      nullable: true,
      description: 'A picture; null when there is none.',
    }),
    conversations: t.field({
      type: ConversationConnection,
      description:
        'The conversations assigned to this agent; by default those whose last message is newest first.',
      args: listArgs,
      resolve: (agent, args, context) => nestedConversations(context, 'assigned_to_id', agent.id, args),
    }),
  }),
})

const AgentConnection = builder.connectionObject(
  { type: Agent, name: 'AgentConnection', description: 'A page of agents.' },
  { name: 'AgentEdge', description: 'An agent and its place in the list.' },
)

const cursors = keyCursors('agents')

builder.queryField('agents', t =>
  t.field({
    type: AgentConnection,
    description: 'The team, those who joined first at the front.',
    args: t.arg.connectionArgs(),
    resolve: async (_, args, { db, actor }) => {
      const page = pageOf(cursors, args)
      const rows = await agentPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, agent => ({ at: agent.createdAt, id: agent.id }))
    },
  }),
)
