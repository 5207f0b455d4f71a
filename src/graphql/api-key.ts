import type { ApiKey as ApiKeyRow } from '../domain/key/rows.ts'
import { Actor } from './actor.ts'
import { builder } from './builder.ts'
import { Node } from './node.ts'

builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description:
    'A credential that acts as itself, such as an integration. Its secret is nowhere in the graph.',
  interfaces: [Node, Actor],
})
