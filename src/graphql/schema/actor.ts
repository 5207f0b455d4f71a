import { nounOf } from '../../domain/id.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { typeOf } from './node.ts'

export const Actor = builder.interfaceRef<{ id: string; name: string | null }>('Actor').implement({
  description:
    'The originator of an event or the author of a message: an Agent, a Contact or an ApiKey. A revoked key stays readable.',
  resolveType: typeOf,
  fields: t => ({
    id: t.exposeID('id', {
      description:
        'The global id. Its prefix gives the type: `agt_` for Agent, `ctc_` for Contact, `key_` for ApiKey.',
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'The display name; null if none is known.',
    }),
  }),
})

/** The actor with this id. A null id is the gateway itself and gives null. */
export async function loadActor({ loaders }: Context, id: string | null) {
  const noun = id === null ? null : nounOf(id)
  if (id === null || !(noun === 'agent' || noun === 'contact' || noun === 'apiKey')) return null
  return loaders[noun].load(id)
}

builder.queryField('viewer', t =>
  t.field({
    type: Actor,
    extensions: { isOfActor: true },
    description: 'The actor of the credential: the agent that the key acts for, otherwise the key itself.',
    resolve: async (_, __, context) => {
      const viewer = await loadActor(context, context.actor.id)
      if (!viewer) throw new Error(`The actor ${context.actor.id} of a valid key does not exist.`)
      return viewer
    },
  }),
)
