import { randomUUID } from 'node:crypto'
import { getNamedType, getNullableType, isListType } from 'graphql'
import type { WebSocket } from 'ws'
import type { Client } from './gateway.ts'
import { knownPositions } from './known-positions.ts'
import type { Position } from './schema-positions.ts'
import type { Filled } from './two-workspaces.ts'

/** A document with its variables, as every transport takes it. */
export type GraphRequest = { query: string; variables: Record<string, unknown> }

/** The request that has a value at a position, sent by a workspace. */
export function graphRequestAt(position: Position, value: string, own: Filled): GraphRequest {
  const { parent, field, path, type } = position
  const given = isListType(getNullableType(type)) ? [value] : value
  const variables = merged(knownPositions[position.coordinate]?.beside?.(own) ?? {}, path, given)
  const definitions = field.args.map(({ name, type }) => `$${name}: ${type}`).join(', ')
  const call = `${field.name}(${field.args.map(({ name }) => `${name}: $${name}`).join(', ')}) ${selection(position)}`
  const root = parent.toLowerCase()
  if (['query', 'mutation', 'subscription'].includes(root))
    return { query: `${root} (${definitions}) { ${call} }`, variables }
  return {
    query: `query ($parent: ID!, ${definitions}) { node(id: $parent) { ... on ${parent} { ${call} } } }`,
    variables: {
      ...variables,
      parent: own.ids[parent.toLowerCase() as 'agent' | 'contact' | 'conversation'],
    },
  }
}

/** What is given beside, with a value at a path into it. */
export function merged(
  beside: Record<string, unknown>,
  path: string[],
  value: unknown,
): Record<string, unknown> {
  const [name = '', ...rest] = path
  const inner = rest.length === 0 ? value : merged((beside[name] ?? {}) as typeof beside, rest, value)
  return { ...beside, [name]: inner }
}

/** What an answer tells apart by, but no ids and cursors that each change has of its own. */
function selection({ parent, field }: Position): string {
  const { name } = getNamedType(field.type)
  if (name === 'ConversationCounts') return '{ open closed archived }'
  if (parent === 'Subscription') return '{ cursor conversation { id } }'
  if (name.endsWith('Payload')) {
    const fields = (getNamedType(field.type) as never as { getFields(): object }).getFields()
    const results = 'results' in fields ? 'results { userErrors { code message path } }' : ''
    return `{ ${'replayed' in fields ? 'replayed' : ''} ${results} userErrors { code message path } }`
  }
  if (!name.endsWith('Connection')) return '{ id }'
  return '{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }'
}

/** Sends over HTTP; a subscription over an event stream up to its first event. Returns the status and the body. */
export async function sendOverHttp(
  { url, authorization }: Client,
  request: GraphRequest,
  headers: Record<string, string> = {},
): Promise<string> {
  const isSubscription = request.query.startsWith('subscription')
  const accept = isSubscription ? 'text/event-stream' : 'application/json'
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, accept, ...headers },
    body: JSON.stringify(request),
  })
  const body = isSubscription ? await firstEvent(response) : await response.text()
  return `${response.status} ${response.headers.get('content-type')} ${body}`
}

async function firstEvent({ body }: Response): Promise<string> {
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const [event] = /event: next\ndata: .*\n\n/.exec(text) ?? []
    // Leaving the loop cancels the stream.
    if (event) return event
  }
  throw new Error(`The event stream ended without an event: ${text}`)
}

/** Sends over an acknowledged WebSocket; a subscription up to its first event. Returns the message without its id. */
export async function sendOverSocket(socket: WebSocket, request: GraphRequest): Promise<string> {
  const id = randomUUID()
  const answered = new Promise<string>(resolve => {
    const onMessage = (raw: Buffer) => {
      const message = raw.toString()
      if (!message.includes(id)) return
      socket.off('message', onMessage)
      resolve(message.replace(id, ''))
    }
    socket.on('message', onMessage)
  })
  socket.send(JSON.stringify({ id, type: 'subscribe', payload: request }))
  const answer = await answered
  if (request.query.startsWith('subscription')) socket.send(JSON.stringify({ id, type: 'complete' }))
  return answer
}
