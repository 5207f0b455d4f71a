import { type ASTNode, type DocumentNode, type ExecutionResult, GraphQLError, parse, visit } from 'graphql'

/** A document without the places of its nodes in its text, and the text. */
export type UnlocatedDocument = { document: DocumentNode; text: string }

/**
 * Parses a text that is known to be valid, for its execution. graphql-js looks for the line of an error when it makes
 * the error, through the whole text: thousands of errors that nobody is shown would take seconds.
 */
export const parseUnlocated = (text: string): UnlocatedDocument => ({
  document: parse(text, { noLocation: true }),
  text,
})

/** The first errors of a result, with their places in the text. */
export function locateErrors(
  { errors, ...result }: ExecutionResult,
  { document, text }: UnlocatedDocument,
  maxErrors: number,
): ExecutionResult {
  if (!errors) return result
  const nodes = nodesOf(parse(text))
  const located = new Map(nodesOf(document).map((node, index) => [node, nodes[index]]))
  return { ...result, errors: errors.slice(0, maxErrors).map(error => locate(error, located)) }
}

function locate(error: GraphQLError, located: ReadonlyMap<ASTNode, ASTNode | undefined>): GraphQLError {
  const { message, path = null, originalError = null, extensions } = error
  const nodes = error.nodes?.map(node => located.get(node) ?? node) ?? null
  return new GraphQLError(message, { nodes, path, originalError, extensions })
}

function nodesOf(document: DocumentNode): ASTNode[] {
  const nodes: ASTNode[] = []
  visit(document, { enter: node => void nodes.push(node) })
  return nodes
}
