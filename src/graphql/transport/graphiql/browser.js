// The script of the page, which runs in browsers: it shows GraphiQL and executes what its tabs ask for.
import { createClient as createEventStreams } from './graphql-sse/client.mjs'
import { createClient as createSockets } from './graphql-ws/client.js'

const { folder, headers, operations } = JSON.parse(document.querySelector('#options').textContent)
const url = new URL('/graphql', location.href).href

self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) =>
    `${folder}/${label === 'editorWorkerService' ? 'editor' : label}.worker.js`,
}

/** Executes an operation. A subscription comes as an event stream, or over a WebSocket if its first comment says so. */
function execute({ query, operationName, variables }, { headers = {}, documentAST } = {}) {
  const payload = { query, operationName, variables }
  const isNamed = ({ kind, name }) =>
    kind === 'OperationDefinition' && (operationName == null || name?.value === operationName)
  if (documentAST?.definitions.find(isNamed)?.operation !== 'subscription') return post(payload, headers)
  return /^\s*#.*\bWebSocket\b/.test(query) ? overSocket(payload, headers) : overEventStream(payload, headers)
}

async function post(payload, headers) {
  const method = 'POST'
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(payload),
  })
  return response.json()
}

function overEventStream(payload, headers) {
  return createEventStreams({ url, headers, retryAttempts: 0 }).iterate(payload)
}

/** The header `authorization` is the payload of `connection_init`. */
function overSocket(payload, headers) {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1]
  const client = createSockets({
    url: url.replace(/^http/, 'ws'),
    connectionParams: { authorization },
    retryAttempts: 0,
  })
  return withReason(client.iterate(payload))
}

/** A socket that the gateway has closed ends the results with the event of the close, which prints as nothing. */
async function* withReason(results) {
  try {
    yield* results
  } catch (error) {
    if (typeof error?.reason !== 'string') throw error
    throw new Error(`The socket was closed: ${error.code} ${error.reason}`)
  }
}

self.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  fetcher: execute,
  headers,
  defaultHeaders: headers,
  defaultTabs: operations.map(query => ({ query, headers })),
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: false,
})

/** Without a key the schema cannot be read. It is read again when the reader leaves headers that have changed. */
const headersAt = target =>
  target instanceof Element ? target.closest('section[aria-label="Headers"]') : null
let before = null
document.addEventListener('focusin', ({ target }) => {
  before ??= headersAt(target)?.textContent ?? null
})
document.addEventListener('focusout', ({ target }) => {
  const section = headersAt(target)
  if (section === null || section.textContent === before) return
  before = null
  document.querySelector('button[aria-label^="Re-fetch"]')?.click()
})
