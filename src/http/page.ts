import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

export type PageOptions = {
  /** The folder of the page that was built; null: there is none, and the address leads to GraphiQL. */
  folder: string | null
  /** The address at which a demo's traffic can be stopped; null: there is no traffic. */
  demoTraffic: string | null
}

/** Everything that the page loads is its own. Its WebSocket is of the same origin, which 'self' allows too. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Serves the inbox page. Its files are named by their contents, so browsers keep them for ever; the page itself is asked for each time. */
export async function servePage(app: FastifyInstance, { folder, demoTraffic }: PageOptions): Promise<void> {
  if (folder === null) {
    app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/graphql'))
    return
  }
  const html = withTraffic(readFileSync(join(folder, 'index.html'), 'utf8'), demoTraffic)
  app.get('/', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .headers({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(html),
  )
  // They were compressed when the page was built.
  const files = { preCompressed: true, index: false, decorateReply: false, schemaHide: true } as const
  await app.register(fastifyStatic, {
    ...files,
    root: join(folder, 'assets'),
    prefix: '/assets/',
    cacheControl: true,
    immutable: true,
    maxAge: '1y',
  })
  const icon = readFileSync(join(folder, 'icon.svg'))
  app.get('/icon.svg', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('Cache-Control', 'public, max-age=86400').type('image/svg+xml').send(icon),
  )
}

/** Tells the page where a demo's traffic can be stopped. */
const withTraffic = (html: string, address: string | null) =>
  address === null ? html : html.replace('<head>', `<head><meta name="demo-traffic" content="${address}">`)
