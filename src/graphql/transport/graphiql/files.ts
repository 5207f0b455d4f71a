import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { sendNotFound } from '../../../http/errors.ts'
import { type Encoded, encode, sendEncoded } from '../../../http/send-encoded.ts'

/** The files that GraphiQL loads, below a folder that is named by their contents. */
export type GraphiqlFiles = {
  folder: string
  /** null: there is no such file. */
  encoded(path: string): Promise<Encoded> | null
}

const script = 'text/javascript; charset=utf-8'

/** Reads the files at the first call, because most processes never show GraphiQL, and compresses each when it is asked for. */
export function lazyGraphiqlFiles(): () => Promise<GraphiqlFiles> {
  let files: Promise<GraphiqlFiles> | undefined
  return () => (files ??= readFiles())
}

async function readFiles(): Promise<GraphiqlFiles> {
  const editor = await import('@graphql-yoga/render-graphiql/graphiql')
  const contents = new Map<string, { type: string; body: Buffer }>([
    ['graphiql.css', { type: 'text/css; charset=utf-8', body: Buffer.from(editor.css) }],
    ['graphiql.js', { type: script, body: Buffer.from(editor.js) }],
    ['editor.worker.js', { type: script, body: Buffer.from(editor.editorWorkerService) }],
    ['json.worker.js', { type: script, body: Buffer.from(editor.jsonWorker) }],
    ['graphql.worker.js', { type: script, body: Buffer.from(editor.graphqlWorker) }],
    ['browser.js', { type: script, body: readFileSync(new URL('browser.js', import.meta.url)) }],
    ...modulesOf('graphql-ws', 'client.js'),
    ...modulesOf('graphql-sse', 'client.mjs'),
  ])
  const names = createHash('sha256')
  for (const [path, { body }] of contents) names.update(path).update(body)
  const encoded = new Map<string, Promise<Encoded>>()
  return {
    folder: `/graphiql/${names.digest('hex').slice(0, 16)}`,
    encoded(path) {
      const content = contents.get(path)
      const known = encoded.get(path) ?? (content ? encode(content.type, content.body) : null)
      if (known) encoded.set(path, known)
      return known
    },
  }
}

/** A module of a package for browsers, and the modules beside it that it imports. */
function modulesOf(name: string, entry: string): [string, { type: string; body: Buffer }][] {
  const folder = dirname(fileURLToPath(import.meta.resolve(name)))
  const waiting = [entry]
  const found = new Map<string, { type: string; body: Buffer }>()
  for (const file of waiting) {
    const body = readFileSync(join(folder, file))
    found.set(`${name}/${file}`, { type: script, body })
    const imported = [...String(body).matchAll(/ from ['"]\.\/([\w.-]+)['"]/g)].map(([, path = '']) => path)
    waiting.push(...imported.filter(path => !found.has(`${name}/${path}`)))
  }
  return [...found]
}

/** Serves the files. A browser keeps them for ever, as another content has another folder. */
export function serveGraphiqlFiles(app: FastifyInstance, files: () => Promise<GraphiqlFiles>): void {
  app.get('/graphiql/:version/*', { schema: { hide: true } }, async (request, reply) => {
    const { version, '*': path } = request.params as { version: string; '*': string }
    const { folder, encoded } = await files()
    const file = folder === `/graphiql/${version}` ? await encoded(path) : null
    if (file === null) return sendNotFound(request, reply)
    reply.header('Cache-Control', 'public, max-age=31536000, immutable')
    return sendEncoded(request, reply, file)
  })
}
