import { Ajv, type ErrorObject } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { type Refusal, refusal } from '../domain/errors.ts'
import { status, statuses } from './bodies.ts'
import type { ConversationStatus } from './documents.ts'

const ajv = new Ajv({ coerceTypes: false, strict: false })

const isStatus = ajv.compile<ConversationStatus>(status)

/**
 * Checks bodies by their schema without coercion, so that null stays null. Undocumented fields are ignored. The routes
 * check paths and queries themselves, with their own messages.
 */
export function checkBodies(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === 'body' ? ajv.compile(schema as object) : () => true,
  )
  app.setSchemaErrorFormatter(([error]) => badRequest(sentence(error as ErrorObject)))
}

/** One of the documented statuses. @throws Refusal INVALID_INPUT */
export function requireStatus(value: unknown): ConversationStatus {
  if (!isStatus(value)) throw badRequest(invalidStatus)
  return value
}

export const badRequest = (message: string): Refusal => refusal('INVALID_INPUT', message)

const invalidStatus = `Invalid status. Must be one of: ${statuses.join(', ')}.`

function sentence({ keyword, instancePath, params }: ErrorObject): string {
  const field = keyword === 'required' ? String(params.missingProperty) : instancePath.slice(1)
  if (field === '') return 'The body must be a JSON object.'
  if (field === 'status') return invalidStatus
  if (field === 'agentId' && keyword === 'required') return 'agentId must be given; null unassigns.'
  if (keyword === 'required') return `${field} must be given.`
  return `${field} must be text${String(params.type).includes('null') ? ' or null' : ''}.`
}
