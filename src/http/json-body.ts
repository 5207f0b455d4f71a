import type { FastifyInstance } from 'fastify'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads JSON bodies, and refuses what is not UTF-8 (RFC 8259, 8.1) with 400. Fastify's own parser would store U+FFFD in
 * its place. As there, keys that could change a prototype are refused.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = decoded(body as Buffer)
    if (text === null) done(Object.assign(new Error('The body is not valid UTF-8.'), { statusCode: 400 }))
    else parse(request, text, done)
  })
}

function decoded(body: Buffer): string | null {
  try {
    return utf8.decode(body)
  } catch {
    return null
  }
}
