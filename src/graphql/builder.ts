import SchemaBuilder from '@pothos/core'
import RelayPlugin from '@pothos/plugin-relay'
import type { Context } from './context.ts'

type Types = {
  Context: Context
  DefaultFieldNullability: false
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    EventCursor: { Input: string; Output: string }
    ID: { Input: string; Output: string }
  }
  /** Counts all that match, whatever the page; only on connections that can tell. */
  Connection: { count?: () => Promise<number> }
}

/**
 * The schema's one builder. Of the relay plugin it takes connections, edges and PageInfo; ids are our own plain ones, as
 * the plugin answers unknown, foreign, wrongly typed and malformed ids with four different errors.
 */
export const builder = new SchemaBuilder<Types>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: {
      description: 'Whether more follows `endCursor`. Going backward: whether `before` was given.',
    },
    hasPreviousPageFieldOptions: {
      description: 'Whether more precedes `startCursor`. Going forward: whether `after` was given.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first edge; null on an empty page.' },
    endCursorFieldOptions: { description: 'The cursor of the last edge; null on an empty page.' },
    cursorFieldOptions: {
      description: 'The place of this edge, for `after` and `before` of the same list in the same order.',
    },
    nodeFieldOptions: { description: 'What stands at this place.' },
    edgesFieldOptions: { description: "The page, in the list's order whichever way it was paged." },
    pageInfoFieldOptions: { description: 'What lies before and after this page.' },
    firstArgOptions: { description: 'How many from the start, 1 to 100; not together with `last`.' },
    lastArgOptions: { description: 'How many from the end, 1 to 100; not together with `first`.' },
    afterArgOptions: { description: 'Only what follows this cursor.' },
    beforeArgOptions: { description: 'Only what precedes this cursor; alone it counts from the end.' },
  },
})

builder.queryType({ description: "Everything that can be asked, within the credential's workspace." })
builder.mutationType({ description: 'Everything that can be changed; needs the scope `write`.' })
builder.subscriptionType({
  description: 'What is told as it commits, over WebSocket (graphql-transport-ws) or server-sent events.',
})
