import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { isErrorCode } from '../../domain/errors.ts'
import { type CostPlan, planOf } from './cost-plan.ts'
import {
  type DocumentLimits,
  isTooManyTokens,
  limitExceeded,
  limitRules,
  requireShort,
} from './document-limits.ts'
import { invalidRequest } from './errors.ts'
import { readsMoreThanIds, selects } from './selects.ts'
import { unconditionalRootRule } from './subscription-root.ts'

/** A parsed and valid operation within the limits. It can be executed any number of times. */
export type PreparedOperation = {
  document: DocumentNode
  /** The name in the request; null: the document has one operation. */
  operationName: string | null
  kind: 'query' | 'mutation' | 'subscription'
  /** Whether it selects `eventCursor`, which must be read before anything else of the response. */
  selectsEventCursor: boolean
  /** Whether it is a mutation that selects more of its result than ids and the cursor. */
  readsResult: boolean
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

const rules = [...specifiedRules, unconditionalRootRule]

/** A document that is valid and within the limits, or its errors. */
export type CheckedDocument =
  | { document: DocumentNode; operations: Map<string | null, PreparedOperation> }
  | Rejected

/**
 * At most 500 texts of at most 8,191 characters each, so that a flood of different or large texts cannot fill the
 * memory.
 */
const cacheLimits = { max: 500, maxEntrySize: 8_192 }

/** A document with many errors is told the first ones. Each costs a search for its line. */
const maxErrors = 10

/**
 * Prepares the operations of a schema. A valid document is kept for the next request with the same text, as long as the
 * text is among the 500 most recently used.
 */
export function createPrepare(schema: GraphQLSchema, limits: DocumentLimits): Prepare {
  const cache = new LRUCache<string, CheckedDocument>({
    ...cacheLimits,
    sizeCalculation: (_, text) => text.length + 1,
  })
  const keep = (query: string, checked: CheckedDocument) => {
    // Errors are not kept: they are large, and nobody means to send them again.
    if (!('errors' in checked)) cache.set(query, checked)
    return checked
  }
  return (query, operationName) => {
    const checked = cache.get(query) ?? keep(query, checkDocument(schema, query, limits))
    if ('errors' in checked) return checked
    const { document, operations } = checked
    const name = operationName ?? null
    const operation = operations.get(name) ?? operationOf(schema, document, name)
    if (!('errors' in operation)) operations.set(name, operation)
    return operation
  }
}

/** Parses and validates a document, and checks the limits. */
export function checkDocument(schema: GraphQLSchema, query: string, limits: DocumentLimits): CheckedDocument {
  try {
    requireShort(query, limits)
    const document = parse(query, { maxTokens: limits.maxTokens })
    validate(schema, document, limitRules(limits), { maxErrors })
    const errors = validate(schema, document, rules, { maxErrors })
    return errors.length > 0 ? { errors: errors.map(invalidRequest) } : { document, operations: new Map() }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return { errors: [toRejection(error)] }
  }
}

function toRejection(error: GraphQLError): GraphQLError {
  if (isErrorCode(error.extensions.code)) return error
  return isTooManyTokens(error) ? limitExceeded(error.message) : invalidRequest(error)
}

function operationOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): PreparedOperation | Rejected {
  const operation = getOperationAST(document, operationName)
  if (!operation) return { errors: [unknownOperation] }
  const selectsEventCursor = selects('eventCursor', document)
  const plan = planOf(schema, document, operation)
  const kind = operation.operation
  const readsResult = kind === 'mutation' && readsMoreThanIds(plan)
  return { document, operationName, kind, selectsEventCursor, readsResult, plan }
}

const unknownOperation = new GraphQLError('Could not determine what operation to execute.', {
  extensions: { code: 'INVALID_INPUT', http: { status: 400 } },
})
