import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** A JSON Schema of an object; all its properties are required unless others are named. */
export const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
})

export const text = { type: 'string' }

/** A schema that has a name of its own in the document. What is titled the same must be the same. */
export const named = <Schema extends object>(title: string, schema: Schema) => ({ title, ...schema })

const error = named(
  'Error',
  object({
    statusCode: { type: 'integer', description: 'The HTTP status.', examples: [404] },
    error: { ...text, description: 'The name of the status.', examples: ['Not Found'] },
    message: {
      ...text,
      description: 'One sentence for people. It may change.',
      examples: ['Conversation not found.'],
    },
  }),
)

const failure = (description: string, headers?: object) => ({
  ...error,
  description,
  ...(headers && { headers }),
})

const retryAfter = { 'Retry-After': { type: 'integer', description: 'In how many seconds to try again.' } }

/** The error responses that every documented route may have. */
export const errorResponses = {
  400: failure('The request is not valid. The message names the field.'),
  401: failure('The key is missing, wrong, revoked or has expired.', {
    'WWW-Authenticate': { ...text, description: '`Bearer`.' },
  }),
  403: failure('The key lacks the scope that the route needs.'),
  404: failure('The workspace is not that of the key, or the path names nothing in it.'),
  429: failure('The key or the workspace has spent its budget.', retryAfter),
  500: failure('A fault of the gateway. The log has it under `X-Request-Id`.'),
  503: failure(
    'The database cannot be reached, or too much waits for it. Try again in a moment.',
    retryAfter,
  ),
}

/** The further error responses of a route that takes a body. */
export const bodyErrorResponses = {
  408: failure('The body took too long to arrive.'),
  413: failure('The body is too large.'),
  415: failure('The `Content-Type` is another one.'),
}

/** The further error response of a route that takes an idempotency key. */
export const mismatchResponse = {
  422: failure('The idempotency key was used before with another body.'),
}

/** The response to a client whose `If-None-Match` has the `ETag` of the last response. */
export const notModified = {
  type: 'null',
  description: 'Nothing has changed since the response with this `ETag`.',
  headers: { ETag: { type: 'string', description: 'That of the earlier response.' } },
}

/** The headers of a list. */
export const listHeaders = {
  Link: {
    ...text,
    description: 'With `rel="next"`: the address of the next page. There is none on the last page.',
  },
  ETag: {
    ...text,
    description: 'Send it as `If-None-Match`; the response is 304 while nothing has changed.',
  },
}

/** The header of a response that repeats an earlier one. */
export const replayedHeader = {
  'Idempotency-Replayed': {
    type: 'string',
    enum: ['true'],
    description: 'The request was made before with this idempotency key, and nothing has changed now.',
  },
}

/** A parameter of a path. */
export const parameters = (descriptions: Record<string, string>) =>
  object(
    Object.fromEntries(
      Object.entries(descriptions).map(([name, description]) => [name, { ...text, description }]),
    ),
  )

/** The header for an idempotency key. */
export const idempotencyHeader = {
  type: 'object',
  properties: {
    'idempotency-key': {
      ...text,
      description:
        'Makes the request safe to repeat: within 24 hours an equal request with the same key, 1 to 255 printable ASCII characters, changes nothing and has the same response, with Idempotency-Replayed: true.',
    },
  },
}

/** The pages write styles while they run. Their scripts are files, and all that they load is ours. */
const docsPolicy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

const description = `Conversations are support threads between a contact and your team. Each conversation has a status, is associated with a contact, and contains messages. Use these endpoints to list, filter, create, and manage conversations in your inbox.

Every request needs the header \`Authorization: Bearer KEY\`. A key gives access to one workspace.`

/** Serves the OpenAPI document of the routes that are registered after it, and pages to read it. */
export async function serveOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Conversations API',
        version: '1',
        description,
        license: { name: 'MIT', identifier: 'MIT' },
        contact: { name: 'The operator of this gateway' },
      },
      servers: [{ url: '/', description: 'This gateway.' }],
      tags: [{ name: 'Conversations', description: 'The conversations of a support inbox.' }],
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
      },
      security: [{ key: [] }],
    },
    transformObject: document =>
      'openapiObject' in document ? withNames(document.openapiObject) : document.swaggerObject,
  })
  await app.register(swaggerUi, { routePrefix: '/v1/docs', staticCSP: docsPolicy })
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** Moves each schema with a title into the components, so that clients made from the document have its name. */
function withNames<Document extends { components?: object }>(document: Document): Document {
  const schemas: Record<string, unknown> = {}
  const move = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(move)
    const moved = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, move(inner)]))
    // The description beside a title is that of the response.
    const { title, description: _, ...schema } = moved
    if (typeof title !== 'string' || schema.type === undefined) return moved
    schemas[title] = { title, ...schema }
    return { $ref: `#/components/schemas/${title}` }
  }
  const { components, ...others } = document
  return { ...(move(others) as Document), components: { ...components, schemas } }
}
