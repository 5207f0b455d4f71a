import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql'

/**
 * Refuses a variable whose name is that of an object's prototype. Code that keeps variables in a plain object would lose
 * it, and so execute something else than what the cost was computed for.
 */
export const variableNamesRule = (context: ValidationContext): ASTVisitor => ({
  VariableDefinition({ variable }) {
    if (variable.name.value === '__proto__')
      context.reportError(new GraphQLError('A variable must not be named __proto__.', { nodes: variable }))
  },
})
