import type { Scope } from '../../domain/operation.ts'
import { Actor } from './actor.ts'
import { builder } from './builder.ts'
import { Node } from './node.ts'
import { Agent, ApiKey } from './refs.ts'

export const KeyScope = builder.enumType('KeyScope', {
  description: 'What a key may do.',
  values: {
    READ: { value: 'read', description: 'Queries and subscriptions.' },
    WRITE: { value: 'write', description: 'Mutations of conversations.' },
    ADMIN: { value: 'admin', description: 'Mutations of agents, channels and keys, and the list of keys.' },
  } as const satisfies Record<Uppercase<Scope>, { value: Scope; description: string }>,
})

export const apiKeyType = ApiKey.implement({
  description:
    'An API key, for example of an integration. It is the actor of its requests unless it acts for an agent. The secret is returned once, when it is created.',
  interfaces: [Node, Actor],
  fields: t => ({
    scopes: t.expose('scopes', { type: [KeyScope], description: 'What it may do.' }),
    agent: t.field({
      type: Agent,
      nullable: true,
      description: 'The agent it acts for; null: itself.',
      resolve: ({ agentId }, _, { loaders }) => (agentId === null ? null : loaders.agent.load(agentId)),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends; null: it does not end by itself.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null: it was not.',
    }),
  }),
})

builder.queryField('credential', t =>
  t.field({
    type: ApiKey,
    extensions: { isOfActor: true },
    description: 'The key of this request: what it may do, and when it ends.',
    resolve: async (_, __, { actor, loaders }) => {
      const key = await loaders.apiKey.load(actor.keyId)
      if (!key) throw new Error(`The valid key ${actor.keyId} does not exist.`)
      return key
    },
  }),
)
