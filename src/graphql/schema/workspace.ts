import { toCursor } from '../../domain/event/cursor.ts'
import type { Counts } from '../../domain/workspace/counts.ts'
import { builder } from './builder.ts'
import { Node } from './node.ts'
import { Workspace } from './refs.ts'

export const ConversationCounts = builder.objectRef<Counts>('ConversationCounts').implement({
  description:
    'Numbers of conversations in the whole workspace, or of those assigned to one agent. `unread` and `unassigned` are subsets of `open`.',
  fields: t => ({
    open: t.exposeInt('open', { description: 'OPEN conversations.' }),
    closed: t.exposeInt('closed', { description: 'CLOSED conversations.' }),
    archived: t.exposeInt('archived', { description: 'ARCHIVED conversations.' }),
    unread: t.exposeInt('unread', { description: 'OPEN conversations that are unread.' }),
    unassigned: t.exposeInt('unassigned', { description: 'OPEN conversations without an assignee.' }),
  }),
})

export const workspaceType = Workspace.implement({
  description: 'A support team and its inbox. A credential gives access to exactly one workspace.',
  interfaces: [Node],
  fields: t => ({
    name: t.exposeString('name', { description: 'The name of the team.' }),
    eventCursor: t.field({
      type: 'EventCursor',
      description:
        'The end of the event log, read before everything else in this response. Query a list together with it, then subscribe `after` it: no event is missed.',
      resolve: ({ id, eventSeq }) => toCursor({ workspaceId: id, seq: eventSeq }),
    }),
    conversationCounts: t.field({
      type: ConversationCounts,
      description: 'The counts at the position of `eventCursor`.',
      resolve: workspace => workspace,
    }),
  }),
})

builder.queryField('workspace', t =>
  t.field({
    type: Workspace,
    description: "The credential's workspace.",
    resolve: async (_, __, { loaders, actor }) => {
      const workspace = await loaders.workspace.load(actor.workspaceId)
      if (!workspace) throw new Error(`The workspace ${actor.workspaceId} of a valid key does not exist.`)
      return workspace
    },
  }),
)
