import { Busy, type Reason, Unavailable } from '../db/unavailable.ts'
import { type Noun, nouns } from './nouns.ts'

/** All error codes of the gateway. The list is closed. */
const errorCodes = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'IDEMPOTENCY_MISMATCH',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_CURSOR',
  'CURSOR_EXPIRED',
  'LIMIT_EXCEEDED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** Whether a text is one of the codes. */
export const isErrorCode = (code: unknown): code is ErrorCode => errorCodes.some(known => known === code)

/**
 * One mistake, as a sentence for people. `path` leads to the invalid input field; empty: no single field is invalid.
 */
export type Problem = { message: string; path: readonly string[] }

/** What a program can do with a refusal. */
export type RefusalExtensions = {
  /** In how many seconds the request may succeed. It is also the header `Retry-After`. */
  retryAfter?: number
  /** Why the database is not available. */
  reason?: Reason
  cost?: { requested: number; limit: number; path: readonly string[] }
}

/** A refused operation: nothing was written, and the caller is told why. It has no stack, as one request can make 1,000. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly problems: readonly [Problem, ...Problem[]]
  /** Further facts for programs. In GraphQL they are in the error's `extensions`. */
  extensions: RefusalExtensions = {}

  constructor(code: ErrorCode, ...problems: [Problem, ...Problem[]]) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(problems[0].message)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'Refusal'
    this.code = code
    this.problems = problems
  }
}

/** The refusal for one mistake. */
export function refusal(code: ErrorCode, message: string, ...path: string[]): Refusal {
  return new Refusal(code, { message, path })
}

/** The refusal for one mistake, with further facts for programs. */
export function refusalWith(extensions: RefusalExtensions, code: ErrorCode, message: string): Refusal {
  return Object.assign(refusal(code, message), { extensions })
}

/** The refusal of an id. It is the same for an unknown, a foreign, a wrongly typed and a malformed id. */
export function notFound(noun: Noun, ...path: string[]): Refusal {
  return refusal('NOT_FOUND', `${nouns[noun].label} not found.`, ...path)
}

const constraints: Record<string, Problem> = {
  agent_email: { message: 'An agent with this address exists already.', path: ['email'] },
  workspace_pkey: { message: 'A workspace with this id exists already.', path: ['id'] },
}

/** On a Citus cluster the rows are in shards, whose constraints end with the number of the shard. */
const ofShard = /_\d+$/

const unreachable = 'The gateway cannot reach its database. Try again in a moment.'

/** What clients are told for each reason. */
const sentences: Record<Reason, string> = {
  UNREACHABLE: unreachable,
  STOPPING: unreachable,
  POOL_FULL: 'The gateway has too much to do. Try again in a moment.',
  TIMED_OUT: 'The database took too long. Try again in a moment.',
  READ_ONLY: 'The database takes no changes now. Try again in a moment.',
  CONFLICT: 'The change met another one. Try again.',
  LOCKED: 'The database is being changed. Try again in a moment.',
  NO_RESOURCES: 'The database has no room left. Try again in a moment.',
}

/**
 * The refusal that clients are told for an error; null: clients must not see the error. A database constraint is
 * recognised by its name, because the embedded database has an error class of its own.
 */
export function explain(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  if (error instanceof Unavailable)
    return refusalWith({ retryAfter: 1, reason: error.reason }, 'UNAVAILABLE', sentences[error.reason])
  if (error instanceof Busy)
    return refusalWith({ retryAfter: 1 }, 'RATE_LIMITED', 'This key has too many requests in work.')
  const constraint = (error as { constraint?: string } | null)?.constraint
  const known = constraints[constraint?.replace(ofShard, '') ?? '']
  return known ? new Refusal('INVALID_INPUT', known) : null
}
