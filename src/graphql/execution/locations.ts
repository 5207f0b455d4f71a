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

/** Each location costs a walk through the lines. Nobody looks for more of them. */
const maxLocatedErrors = 10
/** A text with more lines is made to be expensive. */
const maxLines = 1_000

/** The first errors of a result, the first ten with their places in the text. */
export function locateErrors(
  { errors, ...result }: ExecutionResult,
  { document, text }: UnlocatedDocument,
  maxErrors: number,
): ExecutionResult {
  if (!errors) return result
  const shown = errors.slice(0, maxErrors)
  if (text.split(/\r\n|[\n\r]/g, maxLines + 1).length > maxLines) return { ...result, errors: shown }
  const nodes = nodesOf(parse(text))
  const located = new Map(nodesOf(document).map((node, index) => [node, nodes[index]]))
  return {
    ...result,
    errors: shown.map((error, index) => (index < maxLocatedErrors ? locate(error, located) : error)),
  }
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
