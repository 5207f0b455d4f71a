import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { operations } from './graphiql-operations.ts'

/** The options of the page. With a key its tabs can be run at once; null: its reader puts one in. */
function optionsWith(key: string | null) {
  const headers = JSON.stringify({ authorization: `Bearer ${key ?? 'YOUR_API_KEY'}` }, null, 2)
  return {
    title: 'Conversations gateway',
    defaultTabs: operations.map(query => ({ query, headers })),
    headers,
    defaultHeaders: headers,
    defaultEditorToolsVisibility: 'headers',
    endpoint: '/graphql',
    subscriptionsProtocol: 'SSE',
    shouldPersistHeaders: false,
  } as const
}

/** The page in one content coding. */
type EncodedPage = { body: Buffer; etag: string }

/** GraphiQL, with operations to run and a header for the key. It needs no other host. */
export type GraphiqlPage = {
  /** By content coding. One buffer serves all requests, so that unread answers hold no memory of their own. */
  encoded: { br: EncodedPage; gzip: EncodedPage; identity: EncodedPage }
  /** A Content-Security-Policy that lets the scripts and styles of this page work, and no others. */
  contentSecurityPolicy: string
}

/** Returns the page. It is rendered at the first call, because most processes never show it. */
export function lazyGraphiqlPage(key: string | null): () => Promise<GraphiqlPage> {
  let page: Promise<GraphiqlPage> | undefined
  return () => (page ??= render(key))
}

async function render(key: string | null): Promise<GraphiqlPage> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  const html = renderGraphiQL(optionsWith(key))
  const text = Buffer.from(html)
  // The best quality takes five times as long for a twentieth of the size.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: text.length }
  const [br, gzipped] = await Promise.all([
    promisify(brotliCompress)(text, { params }),
    promisify(gzip)(text),
  ])
  return {
    encoded: { br: encoded(br), gzip: encoded(gzipped), identity: encoded(text) },
    contentSecurityPolicy: policyOf(html),
  }
}

const digest = (content: string | Buffer) => createHash('sha256').update(content).digest('base64')

const encoded = (body: Buffer): EncodedPage => ({ body, etag: `"${digest(body)}"` })

/** The editor writes its styles while it runs, so no hash can name them. Its workers begin as blobs. */
function policyOf(html: string): string {
  const hashes = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = '']) => digest(script))
  return [
    "default-src 'none'",
    `script-src ${hashes.map(hash => `'sha256-${hash}'`).join(' ')}`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    'font-src data:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
