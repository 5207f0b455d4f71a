import SchemaBuilder from '@pothos/core'
import RelayPlugin from '@pothos/plugin-relay'
import type { Total } from '../../domain/conversation/count.ts'
import { defaultMaxPageSize } from '../../domain/limits.ts'
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
  /** `count`: counts all matching rows, on all pages. Only on connections that can count. `shown`: the rows of this page. */
  Connection: { count?: () => Promise<Total>; shown: number }
}

/**
 * The schema's one builder. It uses the relay plugin for connections, edges and PageInfo. Ids are our own plain ones,
 * because the plugin gives four different errors for unknown, foreign, wrongly typed and malformed ids.
 */
export const builder = new SchemaBuilder<Types>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'The position of a page in its list.' },
    hasNextPageFieldOptions: {
      description:
        'Whether there are edges after `endCursor`. When paging backward: whether `before` was given.',
    },
    hasPreviousPageFieldOptions: {
      description:
        'Whether there are edges before `startCursor`. When paging forward: whether `after` was given.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first edge; null on an empty page.' },
    endCursorFieldOptions: { description: 'The cursor of the last edge; null on an empty page.' },
    cursorFieldOptions: {
      description:
        'The position of this edge. Pass it as `after` or `before` to the same list in the same order.',
    },
    nodeFieldOptions: { description: 'The item of this edge.' },
    edgesFieldOptions: {
      description: 'The edges of this page. They are in list order, also when paging backward.',
    },
    pageInfoFieldOptions: {
      description: 'The first and last cursor of this page, and whether there are pages before and after it.',
    },
    firstArgOptions: {
      description: `Returns the first n edges: 1 to ${defaultMaxPageSize} by default; the server may set another maximum. Default: 25 on \`Query\` fields, 10 on nested fields. INVALID_INPUT if it is out of range or combined with \`last\`.`,
    },
    lastArgOptions: {
      description: `Returns the last n edges: 1 to ${defaultMaxPageSize} by default; the server may set another maximum. INVALID_INPUT if it is out of range or combined with \`first\`.`,
    },
    afterArgOptions: {
      description: 'Returns edges after this cursor. BAD_CURSOR if it is not valid for this list and order.',
    },
    beforeArgOptions: {
      description:
        'Returns edges before this cursor. Without `first`, `last` and `after` it pages backward. BAD_CURSOR if it is not valid for this list and order.',
    },
  },
})

/** The builder of an object type's fields, for fields that several types share. */
export type Fields<Parent> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Parent>

/** The builder of an input type's fields. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>

builder.queryType({
  description:
    "Read operations within the credential's workspace. Requires the scope `read`, otherwise FORBIDDEN. LIMIT_EXCEEDED if the document exceeds the limits for tokens, depth, aliases or directives, if the operation may cost too much, or if the response would be too large. RATE_LIMITED if the key has spent its cost of this minute.",
})
builder.mutationType({
  description:
    "Write operations within the credential's workspace. Requires the scope `write`, or `admin` where the mutation says so, otherwise FORBIDDEN. Without the scope `read`, a payload may select only ids, `cursor`, `replayed` and `userErrors`. LIMIT_EXCEEDED as for queries. RATE_LIMITED if the key has spent its cost of this minute, or the workspace its changes or its bytes of text of this hour.",
})
builder.subscriptionType({
  description:
    'Live updates over WebSocket (graphql-transport-ws) or server-sent events, sent as changes commit. Requires the scope `read`, otherwise FORBIDDEN. LIMIT_EXCEEDED if the key has too many different subscriptions, or an event may cost too much. RATE_LIMITED if the key has spent its cost of this minute, or has too many requests open. An event over the budget of its key comes later; none is lost.',
})
