import {
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  type VariableDefinitionNode,
  validate,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { isErrorCode } from '../../domain/errors.ts'
import type { Scope } from '../../domain/operation.ts'
import { type CostPlan, planOf } from './cost-plan.ts'
import {
  type DocumentLimits,
  isTooManyTokens,
  limitExceeded,
  limitRules,
  requireShort,
} from './document-limits.ts'
import { invalidRequest } from './errors.ts'
import { parseUnlocated, type UnlocatedDocument } from './locations.ts'
import { type PlannedRows, plannedRows } from './related-rows.ts'
import { scopesOf } from './scopes.ts'
import { selects } from './selects.ts'
import { unconditionalRootRule } from './subscription-root.ts'
import { variableNamesRule } from './variable-names.ts'

/** A parsed and valid operation within the limits. It can be executed any number of times. */
export type PreparedOperation = UnlocatedDocument & {
  /** The name of the operation; null: it has none, and is the only one of the document. */
  operationName: string | null
  kind: 'query' | 'mutation' | 'subscription'
  /** The variables that it declares. */
  variables: readonly VariableDefinitionNode[]
  /** Whether it selects `eventCursor`, which must be read before anything else of the response. */
  selectsEventCursor: boolean
  /** What a key must be allowed to do for it. */
  scopes: readonly Scope[]
  /** What it reads beside the rows themselves, as far as its document tells. */
  rows: PlannedRows
  /** What it selects, from which its cost is computed with its variables. */
  plan: CostPlan
}

/** The errors of a request that cannot be executed, as clients may see them. */
export type Rejected = { errors: readonly GraphQLError[] }

/**
 * Parses and validates a document, checks the limits, and finds its operation. Its errors are returned.
 * @throws Refusal LIMIT_EXCEEDED for an operation that selects too many fields
 */
export type Prepare = (query: string, operationName?: string | null) => PreparedOperation | Rejected

export type Preparation = {
  prepare: Prepare
  /** An operation that has been prepared for an earlier request; null: it has not. */
  kept(query: string, operationName?: string | null): PreparedOperation | Rejected | null
}

const rules = [...specifiedRules, unconditionalRootRule, variableNamesRule]

/** A document that is valid and within the limits, or its errors. */
export type CheckedDocument = UnlocatedDocument | Rejected

/**
 * At most 500 texts of at most 8,191 characters each, so that a flood of different or large texts cannot fill the
 * memory.
 */
const documentLimits = { max: 500, maxEntrySize: 8_192 }

/** A planned field takes about 150 bytes, and one document can have many operations that each select thousands. */
const operationLimits = { max: 500, maxSize: 200_000 }

/** A document with many errors is told the first ones. Each costs a search for its line. */
const maxErrors = 10

/**
 * Prepares the operations of a schema. A valid document is kept for the next request with the same text, as long as the
 * text is among the 500 most recently used.
 */
export function createPrepare(schema: GraphQLSchema, limits: DocumentLimits): Preparation {
  const cache = new LRUCache<string, CheckedDocument>({
    ...documentLimits,
    sizeCalculation: (_, text) => text.length + 1,
  })
  const operations = new LRUCache<OperationDefinitionNode, PreparedOperation>({
    ...operationLimits,
    sizeCalculation: ({ plan }) => plan.size + 1,
  })
  const keep = (query: string, checked: CheckedDocument) => {
    // Errors are not kept: they are large, and nobody means to send them again.
    if (!('errors' in checked)) cache.set(query, checked)
    return checked
  }
  const kept: Preparation['kept'] = (query, operationName) => {
    const checked = cache.get(query)
    if (!checked || 'errors' in checked) return null
    const node = getOperationAST(checked.document, operationName)
    return node ? (operations.get(node) ?? null) : { errors: [unknownOperation] }
  }

  const prepare: Prepare = (query, operationName) => {
    const known = kept(query, operationName)
    if (known) return known
    const checked = cache.get(query) ?? keep(query, checkDocument(schema, query, limits))
    if ('errors' in checked) return checked
    const node = getOperationAST(checked.document, operationName)
    if (!node) return { errors: [unknownOperation] }
    const operation = preparedOf(schema, checked, node)
    operations.set(node, operation)
    return operation
  }
  return { prepare, kept }
}

/** Parses and validates a document, and checks the limits. */
export function checkDocument(schema: GraphQLSchema, query: string, limits: DocumentLimits): CheckedDocument {
  try {
    requireShort(query, limits)
    const document = parse(query, { maxTokens: limits.maxTokens })
    validate(schema, document, limitRules(limits), { maxErrors })
    const errors = validate(schema, document, rules, { maxErrors })
    return errors.length > 0 ? { errors: errors.map(invalidRequest) } : parseUnlocated(query)
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return { errors: [toRejection(error)] }
  }
}

function toRejection(error: GraphQLError): GraphQLError {
  if (isErrorCode(error.extensions.code)) return error
  return isTooManyTokens(error) ? limitExceeded(error.message) : invalidRequest(error)
}

function preparedOf(
  schema: GraphQLSchema,
  { document, text }: UnlocatedDocument,
  operation: OperationDefinitionNode,
): PreparedOperation {
  const operationName = operation.name?.value ?? null
  const selectsEventCursor = selects('eventCursor', document)
  const plan = planOf(schema, document, operation)
  const kind = operation.operation
  const scopes = scopesOf(kind, plan)
  const variables = operation.variableDefinitions ?? []
  const rows = plannedRows(schema, kind, plan)
  return { document, text, operationName, variables, kind, selectsEventCursor, scopes, rows, plan }
}

const unknownOperation = new GraphQLError('Could not determine what operation to execute.', {
  extensions: { code: 'INVALID_INPUT', http: { status: 400 } },
})
