import { Unavailable } from '../db/unavailable.ts'

/** Every way in which the gateway says no, with its HTTP status. The list is closed. */
export const httpStatus = {
  INVALID_INPUT: 400,
  NOT_FOUND: 404,
  IDEMPOTENCY_MISMATCH: 422,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  BAD_CURSOR: 400,
  CURSOR_EXPIRED: 410,
  LIMIT_EXCEEDED: 400,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
} as const

export type ErrorCode = keyof typeof httpStatus

/** One thing that is wrong, in words fit to show. `path` leads to the input field at fault; empty: none is. */
export type Problem = { message: string; path: readonly string[] }

/** A refusal that its reader can act on: nothing was written. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly problems: readonly [Problem, ...Problem[]]

  constructor(code: ErrorCode, ...problems: [Problem, ...Problem[]]) {
    super(problems[0].message)
    this.name = 'Refusal'
    this.code = code
    this.problems = problems
  }
}

/** The refusal for one thing that is wrong. */
export function refusal(code: ErrorCode, message: string, ...path: string[]): Refusal {
  return new Refusal(code, { message, path })
}

const names = {
  workspace: 'Workspace',
  agent: 'Agent',
  channel: 'Channel',
  contact: 'Contact',
  conversation: 'Conversation',
  apiKey: 'Key',
} as const

/** The same answer for what is absent, of another workspace, of another type, or no id at all. */
export function notFound(noun: keyof typeof names, ...path: string[]): Refusal {
  return refusal('NOT_FOUND', `${names[noun]} not found.`, ...path)
}

const constraints: Record<string, Problem> = {
  agent_email: { message: 'An agent with this address exists already.', path: ['email'] },
  workspace_pkey: { message: 'A workspace with this id exists already.', path: ['id'] },
}

/**
 * An error as the code that tells it to clients. What the database refuses by a constraint we know is a `Refusal`;
 * it is recognised by name, as the embedded database's errors are of a class of their own.
 */
export function explain(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  if (error instanceof Unavailable)
    return refusal('UNAVAILABLE', 'The gateway cannot reach its database. Try again in a moment.')
  const known = constraints[(error as { constraint?: string } | null)?.constraint ?? '']
  return known ? new Refusal('INVALID_INPUT', known) : null
}
