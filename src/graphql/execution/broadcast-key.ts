import { createHash } from 'node:crypto'
import {
  type DocumentNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  print,
  type TypeNode,
} from 'graphql'
import type { Execution } from './execution.ts'
import type { PreparedOperation } from './prepare.ts'

/** The hash of what is asked, and the names of the variables that matter for the answer. */
type Wording = { hash: string; variables: string[] }

const wordings = new WeakMap<PreparedOperation, Wording>()

/**
 * The key of a subscription's broadcast: what its operation asks, and the declared variables, without the position where
 * each subscriber starts (a literal `after` of the root field, and variables of type EventCursor). Names of operations
 * do not matter. Only subscribers with the same key get the same text.
 */
export function broadcastKey({ operation, variables }: Pick<Execution, 'operation' | 'variables'>): string {
  const wording = wordings.get(operation) ?? wordingOf(operation)
  wordings.set(operation, wording)
  // A variable that is left out has its default; null does not.
  const given = wording.variables.filter(name => variables && name in variables)
  return `${wording.hash} ${JSON.stringify(given.map(name => [name, variables?.[name]]))}`
}

function wordingOf({ document, operationName }: PreparedOperation): Wording {
  const operation = getOperationAST(document, operationName)
  const variables = (operation?.variableDefinitions ?? [])
    .filter(({ type }) => namedType(type) !== 'EventCursor')
    .map(({ variable }) => variable.name.value)
  return {
    hash: createHash('sha256').update(textOf(document, operation)).digest('base64url'),
    variables: variables.sort(),
  }
}

function textOf(document: DocumentNode, operation: OperationDefinitionNode | null | undefined): string {
  const fragments = document.definitions.filter(({ kind }) => kind !== Kind.OPERATION_DEFINITION)
  const { name: _, ...nameless } = operation ? withoutBeginning(operation) : { name: undefined }
  return [nameless as OperationDefinitionNode, ...fragments].map(print).join(' ')
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
