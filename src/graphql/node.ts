import { refusal } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { seqOf } from '../domain/event-cursor.ts'
import { type Noun, nounOf } from '../domain/id.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { eventTypeNames } from './event-types.ts'

type Identified = { id: string } | Event

const typeNames = {
  workspace: 'Workspace',
  agent: 'Agent',
  channel: 'Channel',
  contact: 'Contact',
  conversation: 'Conversation',
  message: 'Message',
  apiKey: 'ApiKey',
} as const satisfies Partial<Record<Noun, string>>

/** The name of the GraphQL type that a thing is of, told by its id's prefix. */
export const nameOfType = ({ id }: { id: string }) => typeNames[nounOf(id) as keyof typeof typeNames]

export const Node = builder.interfaceRef<Identified>('Node').implement({
  description: 'Whatever has an id of its own.',
  resolveType: value => ('seq' in value ? eventTypeNames[value.type] : nameOfType(value)),
  fields: t => ({
    id: t.id({
      description:
        'The prefixed id itself (wrk_ agt_ chn_ ctc_ thd_ msg_ key_ evt_): the same id in GraphQL and REST. Case-sensitive.',
      resolve: value => ('id' in value ? value.id : ''),
    }),
  }),
})

/** Anything by its id; null for an unknown, foreign, malformed or wrongly typed one alike. */
async function load({ loaders, actor }: Context, id: string): Promise<Identified | null> {
  const noun = nounOf(id)
  if (noun === null) return null
  if (noun !== 'event') return loaders[noun].load(id)
  const seq = seqOf(actor.workspaceId, id.slice('evt_'.length))
  return seq === null ? null : loaders.event.load(seq)
}

const most = 100

builder.queryFields(t => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its id; null when it is unknown, malformed or of another workspace.',
    args: { id: t.arg.id({ required: true, description: 'An id of any type; its prefix says which.' }) },
    resolve: (_, { id }, context) => load(context, id),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'Several at once, each at the place of its id; null where `node` would be null.',
    args: { ids: t.arg.idList({ required: true, description: `At most ${most} ids, of any types mixed.` }) },
    resolve(_, { ids }, context) {
      if (ids.length > most) throw refusal('INVALID_INPUT', `ids must be at most ${most}.`, 'ids')
      return Promise.all(ids.map(id => load(context, id)))
    },
  }),
}))
