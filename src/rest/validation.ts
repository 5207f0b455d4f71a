import { Ajv, type ErrorObject } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { Refused } from './errors.ts'
import { statuses } from './listing.ts'

/**
 * Checks bodies by their schema as they stand: nothing is coerced, so that null stays null, and fields that are not
 * documented are ignored. Paths and queries are read by the routes themselves, in the documentation's words.
 */
export function checkBodies(app: FastifyInstance): void {
  const ajv = new Ajv({ coerceTypes: false, strict: false })
  app.setValidatorCompiler(({ schema, httpPart }) =>
    httpPart === 'body' ? ajv.compile(schema as object) : () => true,
  )
  app.setSchemaErrorFormatter(([error]) => new Refused(400, sentence(error as ErrorObject)))
}

function sentence({ keyword, instancePath, params }: ErrorObject): string {
  const field = keyword === 'required' ? String(params.missingProperty) : instancePath.slice(1)
  if (field === '') return 'The body must be a JSON object.'
  if (field === 'status') return `Invalid status. Must be one of: ${statuses.join(', ')}.`
  if (field === 'agentId' && keyword === 'required') return 'agentId must be given; null unassigns.'
  if (keyword === 'required') return `${field} must be given.`
  return `${field} must be text${String(params.type).includes('null') ? ' or null' : ''}.`
}
