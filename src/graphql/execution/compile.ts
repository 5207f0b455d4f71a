import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type GraphQLType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isInputObjectType,
  isNonNullType,
  Kind,
  type SelectionSetNode,
  typeFromAST,
  visit,
} from 'graphql'
import { compileQuery, isCompiledQuery } from 'graphql-jit'
import { LRUCache } from 'lru-cache'
import type { Budget } from '../../runtime/budget.ts'
import type { Context } from '../schema/context.ts'
import type { Arguments } from '../schema/weight.ts'
import type { PlannedField } from './cost-plan.ts'
import type { PreparedOperation } from './prepare.ts'

/**
 * A query, or the selection of a subscription, that has been compiled to JavaScript. It takes variables that graphql-js has
 * accepted.
 * @param event what a subscription's selection is executed for
 */
type Compiled = (event: unknown, context: Context, variables: Arguments) => Promise<ExecutionResult>

/** Compiling takes about as long as ten executions. */
const sightingsBeforeCompiling = { query: 2, subscription: 10, mutation: Number.POSITIVE_INFINITY }

/** The code of an interface is written for each of its types, so a small document can have much code. */
const maxCompiledFields = 400
/** Compiling a field takes about as long as preparing so many characters. */
const charactersPerField = 20
/** graphql-jit walks a fragment each time that it is spread, so a small document can take it for ever. */
const maxExpandedSelections = 2_000
/** The fields of all code that is kept. A field takes about 800 bytes. */
const maxKeptFields = 28_000
/** Queries that come while so many wait are not compiled now. */
const maxWaiting = 100

/** Code that waits to be written. */
type Waiting = { operation: PreparedOperation; fields: number }

/** The code of an operation, on behalf of an API key; null: graphql-js executes it. */
export type CompiledOf = (operation: PreparedOperation, keyId: string) => Compiled | null

/**
 * Compiles operations with graphql-jit when they come again, one in a turn of the event loop. What it does not execute
 * exactly as graphql-js does is not compiled: mutations, the opening of subscriptions, the introspection, documents with
 * `@skip` or `@include` (it loses conditions of fragments and of merged fields), and variables of some input types. The
 * least recently used code is dropped first.
 *
 * @param documents what each key may spend on new documents. For a key that has spent it nothing is compiled.
 */
export function createCompiler(schema: GraphQLSchema, documents: Pick<Budget, 'trySpend'>): CompiledOf {
  const sightings = new WeakMap<PreparedOperation, number>()
  const code = new LRUCache<PreparedOperation, { compiled: Compiled; fields: number }>({
    maxSize: maxKeptFields,
    sizeCalculation: ({ fields }) => fields + 1,
  })
  const waiting: Waiting[] = []

  function compile({ document, operationName }: PreparedOperation): Compiled | null {
    // It writes into the nodes, which other operations of the document share.
    const compiled = compileQuery(schema, structuredClone(document), operationName ?? undefined, {})
    if (!isCompiledQuery(compiled)) return null
    return async (event, context, variables) => compiled.query(event, context, { ...variables })
  }

  function compileNext(): void {
    const next = waiting.shift()
    try {
      const compiled = next && compile(next.operation)
      if (compiled) {
        code.set(next.operation, { compiled, fields: next.fields })
        // When it has been dropped, it is compiled again.
        sightings.delete(next.operation)
      }
    } catch {
      // graphql-js goes on executing it.
    }
    if (waiting.length > 0) setImmediate(compileNext)
  }

  /**
   * Each event executes all subscriptions once. If they had more code than is kept, each would be dropped before it comes
   * again. So those that find no room are left to graphql-js.
   */
  const hasRoom = ({ kind }: PreparedOperation, fields: number) =>
    kind === 'query' || code.calculatedSize + fields < maxKeptFields

  function request(operation: PreparedOperation, keyId: string): void {
    if (!hasUnderstoodVariables(schema, operation)) return
    if (hasDirectives(operation.document) || isTooExpanded(operation.document)) return
    const fields = compiledFields(schema, operation.plan.fields)
    if (fields > maxCompiledFields || !hasRoom(operation, fields)) return
    if (!documents.trySpend(keyId, fields * charactersPerField)) return
    waiting.push({ operation, fields })
    if (waiting.length === 1) setImmediate(compileNext)
  }

  return (operation, keyId) => {
    const kept = code.get(operation)
    if (kept) return kept.compiled
    const seen = (sightings.get(operation) ?? 0) + 1
    const needed = sightingsBeforeCompiling[operation.kind]
    // While too many wait, it is tried again at its next sighting.
    if (seen >= needed && waiting.length >= maxWaiting) return null
    sightings.set(operation, seen)
    if (seen === needed) request(operation, keyId)
    return null
  }
}

const hasUnderstoodVariables = (schema: GraphQLSchema, { variables }: PreparedOperation): boolean =>
  variables.every(
    // graphql-jit would find what every object has for a variable that is not given.
    ({ variable, type }) => !(variable.name.value in {}) && isUnderstood(typeFromAST(schema, type), []),
  )

/** How many fields the code has. Infinite for the introspection. */
function compiledFields(schema: GraphQLSchema, fields: readonly PlannedField[]): number {
  return fields.reduce((sum, { key, field, isIntrospected, children }) => {
    // An assignment to this key would change the prototype of the result.
    if (isIntrospected || key === '__proto__') return Number.POSITIVE_INFINITY
    const type = getNamedType(field.type)
    const times = isAbstractType(type) ? schema.getPossibleTypes(type).length : 1
    return sum + 1 + times * compiledFields(schema, children)
  }, 0)
}

function hasDirectives(document: DocumentNode): boolean {
  let found = false
  visit(document, {
    Directive() {
      found = true
      return BREAK
    },
  })
  return found
}

/** Whether the document selects too much when each spread is replaced by its fragment. The fragments have no cycle. */
function isTooExpanded({ definitions }: DocumentNode): boolean {
  const fragments = new Map(
    definitions.flatMap(each => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
  )
  const sizes = new Map<string, number>()

  function sizeOf({ selections }: SelectionSetNode): number {
    return selections.reduce((sum, each) => {
      if (each.kind === Kind.FRAGMENT_SPREAD) return sum + 1 + fragmentSize(each.name.value)
      return sum + 1 + (each.selectionSet ? sizeOf(each.selectionSet) : 0)
    }, 0)
  }

  function fragmentSize(name: string): number {
    const fragment = fragments.get(name)
    const size = sizes.get(name) ?? (fragment ? sizeOf(fragment.selectionSet) : 0)
    sizes.set(name, size)
    return size
  }

  const sizesOfAll = definitions.map(each => ('selectionSet' in each ? sizeOf(each.selectionSet) : 0))
  return Math.max(...sizesOfAll) > maxExpandedSelections
}

/**
 * Whether graphql-jit reads the values of a variable's type as graphql-js does. An input type that contains itself would
 * send it into an endless loop, `@oneOf` is not checked, and a required field with a default is refused.
 */
function isUnderstood(given: GraphQLType | undefined, within: readonly unknown[]): boolean {
  const type = given && getNamedType(getNullableType(given))
  if (!isInputObjectType(type)) return type !== undefined
  if (type.isOneOf || within.includes(type)) return false
  return Object.values(type.getFields()).every(
    field =>
      !(isNonNullType(field.type) && field.defaultValue !== undefined) &&
      isUnderstood(field.type, [...within, type]),
  )
}
