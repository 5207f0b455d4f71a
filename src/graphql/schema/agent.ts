import { agentPage } from '../../domain/agent/rows.ts'
import { noCounts } from '../../domain/workspace/counts.ts'
import { Actor } from './actor.ts'
import { builder } from './builder.ts'
import { connection, pageOf } from './connection.ts'
import { ConversationConnection, listArgs, nestedConversations } from './conversation/list.ts'
import { nestedListWeight } from './conversation/list-weight.ts'
import { timeCursors } from './cursors.ts'
import { Node } from './node.ts'
import { Agent } from './refs.ts'
import { wasRead } from './required.ts'
import { ConversationCounts } from './workspace.ts'

export const agentType = Agent.implement({
  description: 'A member of the support team. Conversations can be assigned to an agent.',
  interfaces: [Node, Actor],
  fields: t => ({
    email: t.string({
      description: "The email address. Unique among the workspace's agents, ignoring case.",
      extensions: { needsWholeRow: true },
      resolve: ({ email }) => wasRead(email),
    }),
    avatarUrl: t.exposeString('avatarUrl', {
      nullable: true,
      description: 'The URL of a picture; null if there is none.',
    }),
    isActive: t.boolean({
      description: 'Whether conversations can be assigned to this agent. `deactivateAgent` ends it.',
      extensions: { needsWholeRow: true },
      resolve: ({ deactivatedAt }) => wasRead(deactivatedAt) === null,
    }),
    conversationCounts: t.field({
      type: ConversationCounts,
      description: 'The conversations assigned to this agent. `unassigned` is 0.',
      resolve: async ({ id }, _, { loaders }) => (await loaders.agentCounts.load(id)) ?? noCounts,
    }),
    conversations: t.field({
      type: ConversationConnection,
      description:
        'The conversations assigned to this agent, most recent message first by default. Without a `status` filter, ARCHIVED ones are left out.',
      args: listArgs,
      extensions: { weight: nestedListWeight },
      resolve: (agent, args, context) => nestedConversations(context, 'agent', agent.id, args),
    }),
  }),
})

const AgentConnection = builder.connectionObject(
  { type: Agent, name: 'AgentConnection', description: 'A page of agents.' },
  { name: 'AgentEdge', description: 'An agent and its cursor.' },
)

const cursors = timeCursors('agents')

builder.queryField('agents', t =>
  t.field({
    type: AgentConnection,
    description: "The workspace's agents, oldest first.",
    args: t.arg.connectionArgs(),
    resolve: async (_, args, context) => {
      const { db, actor } = context
      const page = pageOf(context, cursors, args)
      const rows = await agentPage(db, actor.workspaceId, page)
      return connection(cursors, page, rows, agent => ({ at: agent.createdAt, id: agent.id }))
    },
  }),
)
