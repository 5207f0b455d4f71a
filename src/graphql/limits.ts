import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth'
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives'
import type { DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'

const maxTokens = 1_000

/**
 * What a document may be, checked while it is parsed and before it runs. A page of the inbox with everything nested is
 * about 10 deep; introspection is not counted.
 */
export const limits = (): Plugin[] => [
  {
    onParse: ({ parseFn, setParseFn }) =>
      setParseFn((source, options) => parseFn(source, { ...options, maxTokens })),
  },
  maxDepthPlugin({ n: 16, flattenFragments: true }) as Plugin,
  maxAliasesPlugin({ n: 30 }) as Plugin,
  maxDirectivesPlugin({ n: 50 }) as Plugin,
]

/** A cache of parsed documents that a flood of large or different texts cannot fill: it holds 500 of up to 8 kB. */
export function documentCache<Value = DocumentNode>() {
  const values = new Map<string, Value>()
  return {
    get: (text: string) => values.get(text),
    set(text: string, value: Value) {
      if (text.length > 8_192) return
      values.delete(text)
      values.set(text, value)
      const oldest = values.keys().next().value
      if (values.size > 500 && oldest !== undefined) values.delete(oldest)
    },
  }
}
