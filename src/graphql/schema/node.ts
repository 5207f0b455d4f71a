import { refusal } from '../../domain/errors.ts'
import { seqOfEventId } from '../../domain/event/cursor.ts'
import type { Event } from '../../domain/event/rows.ts'
import { eventTypes } from '../../domain/event/types.ts'
import { nounOf } from '../../domain/id.ts'
import { defaultMaxListValues } from '../../domain/limits.ts'
import { nouns } from '../../domain/nouns.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { objectTypes } from './refs.ts'
import type { Arguments } from './weight.ts'

type Identified = { id: string } | Event

/** The object type of a row, by the prefix of its id. */
export function typeOf({ id }: { id: string }) {
  const noun = nounOf(id)
  return noun === null || noun === 'event' ? undefined : objectTypes[noun]
}

const prefixes = Object.values(nouns).map(({ prefix }) => `\`${prefix}_\``)

export const Node = builder.interfaceRef<Identified>('Node').implement({
  description: 'An object with a global id.',
  resolveType: value => ('seq' in value ? eventTypes[value.type] : typeOf(value)),
  fields: t => ({
    id: t.id({
      description: `The global id. Its prefix gives the type: ${prefixes.slice(0, -1).join(', ')} or ${prefixes.at(-1)}. It is case-sensitive and the same in GraphQL and REST.`,
      resolve: value => ('id' in value ? value.id : ''),
    }),
  }),
})

/** A row by its id; null for an unknown, a foreign and a malformed id. */
async function load({ loaders, actor }: Context, id: string): Promise<Identified | null> {
  const noun = nounOf(id)
  if (noun === null) return null
  if (noun !== 'event') return loaders[noun].load(id)
  const seq = seqOfEventId(actor.workspaceId, id)
  return seq === null ? null : loaders.event.load(seq)
}

builder.queryFields(t => ({
  node: t.field({
    type: Node,
    nullable: true,
    description:
      'One object of any type by id. Null if the id is unknown, malformed or of another workspace.',
    args: { id: t.arg.id({ required: true, description: 'An id of any type.' }) },
    resolve: (_, { id }, context) => load(context, id),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description:
      'Several objects by id, in the order of `ids`. An item is null where `node` would return null.',
    extensions: { length: ({ ids }: Arguments) => (Array.isArray(ids) ? ids.length : 1) },
    args: {
      ids: t.arg.idList({
        required: true,
        description: `Up to ${defaultMaxListValues} ids of any types by default; the server may set another maximum. INVALID_INPUT if there are more.`,
      }),
    },
    resolve(_, { ids }, context) {
      const { maxListValues } = context.limits
      if (ids.length > maxListValues)
        throw refusal('INVALID_INPUT', `ids must have at most ${maxListValues} values.`, 'ids')
      return Promise.all(ids.map(id => load(context, id)))
    },
  }),
}))
