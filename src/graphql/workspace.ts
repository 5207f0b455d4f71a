import { toCursor } from '../domain/event-cursor.ts'
import type { Counts } from '../domain/workspace/counts.ts'
import type { Workspace as WorkspaceRow } from '../domain/workspace/rows.ts'
import { builder } from './builder.ts'
import { Node } from './node.ts'

export const ConversationCounts = builder.objectRef<Counts>('ConversationCounts').implement({
  description:
    'How many conversations stand where. Every count is of the whole workspace; unread and unassigned are parts of open.',
  fields: t => ({
    open: t.exposeInt('open', { description: 'Those that wait for attention.' }),
    closed: t.exposeInt('closed', { description: 'Those that are resolved.' }),
    archived: t.exposeInt('archived', { description: 'Those that the default inbox hides.' }),
    unread: t.exposeInt('unread', { description: 'Open ones with something that no agent has read.' }),
    unassigned: t.exposeInt('unassigned', { description: 'Open ones that no agent has taken.' }),
  }),
})

const Workspace = builder.objectRef<WorkspaceRow>('Workspace').implement({
  description: 'One support team with its inbox. A credential sees exactly one.',
  interfaces: [Node],
  fields: t => ({
    name: t.exposeString('name', { description: "The team's name, as its operator wrote it." }),
    eventCursor: t.field({
      type: 'EventCursor',
      description:
        'Where the event log stood before anything else in this response was read: query a list together with it, then subscribe `after` it, and nothing is missed.',
      resolve: ({ id, eventSeq }) => toCursor({ workspaceId: id, seq: eventSeq }),
    }),
    conversationCounts: t.field({
      type: ConversationCounts,
      description: 'The counts as of `eventCursor`; reading them costs one row.',
      resolve: workspace => workspace,
    }),
  }),
})

builder.queryField('workspace', t =>
  t.field({
    type: Workspace,
    description: 'The workspace of the credential.',
    resolve: async (_, __, { loaders, actor }) => {
      const workspace = await loaders.workspace.load(actor.workspaceId)
      if (!workspace) throw new Error(`The workspace ${actor.workspaceId} of a valid key does not exist.`)
      return workspace
    },
  }),
)
