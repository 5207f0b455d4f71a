import type { FastifyReply, FastifyRequest } from 'fastify'
import { shouldRenderGraphiQL } from 'graphql-yoga'
import { isKnownTag } from '../../http/etag.ts'
import type { GraphiqlPage } from './graphiql.ts'

/** Whether a browser opens the address. It gets the page without a key, because the page has a field for the key. */
export const asksForGraphiql = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' &&
  shouldRenderGraphiQL({ method, headers: new Headers({ accept: headers.accept ?? '' }) } as Request)

/** Answers with the page, compressed if the client accepts it; with 304 if the client has the page already. */
export function answerWithGraphiql(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { encoded, contentSecurityPolicy }: GraphiqlPage,
): FastifyReply {
  const coding = codingFor(String(headers['accept-encoding'] ?? ''))
  const { body, etag } = encoded[coding]
  reply.headers({
    'Content-Security-Policy': contentSecurityPolicy,
    'Cache-Control': 'no-cache',
    Vary: 'Accept, Accept-Encoding',
    ETag: etag,
  })
  const known = headers['if-none-match']
  if (known?.trim() === '*' || isKnownTag(etag, known)) return reply.code(304).send()
  if (coding !== 'identity') reply.header('Content-Encoding', coding)
  return reply.type('text/html; charset=utf-8').send(body)
}

/** The smallest coding that an Accept-Encoding header lists without a weight of zero (RFC 9110, 12.5.3). */
function codingFor(accepted: string): keyof GraphiqlPage['encoded'] {
  const isListed = (coding: string) =>
    new RegExp(`(^|,)\\s*${coding}\\s*(;\\s*q=(?!0(\\.0*)?\\s*(,|$))[^,]*)?(,|$)`, 'i').test(accepted)
  if (isListed('br')) return 'br'
  return isListed('gzip') ? 'gzip' : 'identity'
}
