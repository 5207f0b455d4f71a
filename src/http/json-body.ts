import type { FastifyInstance } from 'fastify'
import { hasMoreJsonValues } from './json-values.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads JSON bodies, and refuses what is not UTF-8 (RFC 8259, 8.1) with 400. Fastify's own parser would store U+FFFD in
 * its place. As there, keys that could change a prototype are refused. A body with too many values gets 413.
 */
export function readJsonBodies(app: FastifyInstance, maxValues: number): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = decoded(body as Buffer)
    if (text === null) done(refused(400, 'The body is not valid UTF-8.'))
    else if (hasMoreJsonValues(text, maxValues))
      done(refused(413, `The body has more than ${maxValues} values.`))
    else parse(request, text, done)
  })
}

const refused = (statusCode: number, message: string) => Object.assign(new Error(message), { statusCode })

function decoded(body: Buffer): string | null {
  try {
    return utf8.decode(body)
  } catch {
    return null
  }
}
