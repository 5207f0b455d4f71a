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
  return client.iterate(payload)
}

self.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  fetcher: execute,
  headers,
  defaultHeaders: headers,
  defaultTabs: operations.map(query => ({ query, headers })),
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: false,
})

/** The schema depends on the key only in whether it can be read. It is fetched again when the reader leaves the headers. */
let isChanged = false
const ofHeaders = element => element instanceof Element && element.closest('section[aria-label="Headers"]')
document.addEventListener('input', ({ target }) => (isChanged ||= Boolean(ofHeaders(target))), true)
document.addEventListener('keydown', ({ target }) => (isChanged ||= Boolean(ofHeaders(target))), true)
document.addEventListener('focusout', ({ target }) => {
  if (!isChanged || !ofHeaders(target)) return
  isChanged = false
  document.querySelector('button[aria-label^="Re-fetch"]')?.click()
})
