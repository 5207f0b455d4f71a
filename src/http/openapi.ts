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

const error = object({ statusCode: { type: 'integer' }, error: text, message: text })

/** The error responses of every documented route. */
export const errorResponses = { '4xx': error, '5xx': error }

/** The response to a client whose `If-None-Match` has the `ETag` of the last response. */
export const notModified = {
  type: 'null',
  description: 'Nothing has changed since the response with this `ETag`.',
}

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

/** Serves the OpenAPI document of the routes that are registered after it, and pages to read it. */
export async function serveOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Conversations API', version: '1' },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
  })
  await app.register(swaggerUi, { routePrefix: '/v1/docs', staticCSP: docsPolicy })
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
