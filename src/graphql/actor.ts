import { nounOf } from '../domain/id.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { nameOfType } from './node.ts'

export const Actor = builder.interfaceRef<{ id: string; name: string | null }>('Actor').implement({
  description:
    'Someone or something that acts: Agent, Contact or ApiKey. A revoked key or a deactivated agent stays readable as one.',
  resolveType: nameOfType,
  fields: t => ({
    id: t.exposeID('id', { description: 'Its prefix says which of the three it is: agt_, ctc_ or key_.' }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'What people call it; null when no name is known.',
    }),
  }),
})

/** Who an actor id names; null for null, which is the gateway itself. */
export async function loadActor({ loaders }: Context, id: string | null) {
  const noun = id === null ? null : nounOf(id)
  if (id === null || !(noun === 'agent' || noun === 'contact' || noun === 'apiKey')) return null
  return loaders[noun].load(id)
}

builder.queryField('viewer', t =>
  t.field({
    type: Actor,
    description: 'Who the credential acts as: its agent, or the key itself.',
    resolve: async (_, __, context) => {
      const viewer = await loadActor(context, context.actor.id)
      if (!viewer) throw new Error(`The actor ${context.actor.id} of a valid key does not exist.`)
      return viewer
    },
  }),
)
