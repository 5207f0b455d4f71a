import { Actor } from './actor.ts'
import { Node } from './node.ts'
import { ApiKey } from './refs.ts'

export const apiKeyType = ApiKey.implement({
  description:
    'An API key, for example of an integration. It is the actor of its requests unless it acts for an agent. The secret is never returned.',
  interfaces: [Node, Actor],
})
