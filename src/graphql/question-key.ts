import { createHash } from 'node:crypto'
import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  print,
  type TypeNode,
} from 'graphql'

type Wording = { hash: string; cursorVariables: Set<string> }

const wordings = new WeakMap<DocumentNode, Map<string, Wording>>()

/**
 * What makes two subscriptions the same question: the document, the operation's name and the variables, all but where
 * each begins (`after` of the root field as a literal, and variables of type EventCursor). Only who asks the same is
 * answered with the same text.
 */
export function questionKey({ document, operationName, variableValues }: ExecutionArgs): string {
  const name = operationName ?? ''
  const known = wordings.get(document) ?? new Map<string, Wording>()
  wordings.set(document, known)
  const { hash, cursorVariables } = known.get(name) ?? wordingOf(document, operationName)
  known.set(name, { hash, cursorVariables })
  const variables = Object.entries(variableValues ?? {})
    .filter(([variable]) => !cursorVariables.has(variable))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `${hash} ${name} ${JSON.stringify(variables)}`
}

function wordingOf(document: DocumentNode, operationName: string | null | undefined): Wording {
  const operation = getOperationAST(document, operationName)
  const definitions = document.definitions.map(each =>
    each === operation ? withoutBeginning(operation) : each,
  )
  const text = print({ ...document, definitions })
  const cursors =
    operation?.variableDefinitions?.filter(({ type }) => namedType(type) === 'EventCursor') ?? []
  return {
    hash: createHash('sha256').update(text).digest('base64url'),
    cursorVariables: new Set(cursors.map(({ variable }) => variable.name.value)),
  }
}

function withoutBeginning(operation: OperationDefinitionNode): OperationDefinitionNode {
  const selections = operation.selectionSet.selections.map(selection =>
    selection.kind === Kind.FIELD && selection.arguments
      ? { ...selection, arguments: selection.arguments.filter(({ name }) => name.value !== 'after') }
      : selection,
  )
  return { ...operation, selectionSet: { ...operation.selectionSet, selections } }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}
