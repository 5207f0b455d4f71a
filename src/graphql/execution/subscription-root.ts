import {
  type ASTVisitor,
  GraphQLError,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'

/**
 * Refuses `@skip` and `@include` on the root field of a subscription, also through fragments: without a root field
 * there is nothing to subscribe to (GraphQL, 5.2.4.1).
 */
export function unconditionalRootRule(context: ValidationContext): ASTVisitor {
  const seen = new Set<SelectionSetNode>()

  function check(selectionSet: SelectionSetNode | undefined): void {
    if (!selectionSet || seen.has(selectionSet)) return
    seen.add(selectionSet)
    for (const selection of selectionSet.selections) {
      if (isConditional(selection)) context.reportError(new GraphQLError(message, { nodes: selection }))
      if (selection.kind === 'InlineFragment') check(selection.selectionSet)
      if (selection.kind === 'FragmentSpread') check(context.getFragment(selection.name.value)?.selectionSet)
    }
  }

  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation === 'subscription') check(selectionSet)
    },
  }
}

const message = 'The root field of a subscription must not have @skip or @include.'

const isConditional = ({ directives = [] }: SelectionNode) =>
  directives.some(({ name }) => name.value === 'skip' || name.value === 'include')
