import { type IncomingHttpHeaders, request as open } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import fc from 'fast-check'
import type { Client } from '../gateway.ts'
import type { Known } from './known.ts'
import { oddText, oddValue } from './values.ts'

/** A request to one of the /v1 paths, or to one beside them. */
export type RestRequest = {
  method: string
  path: string
  query: string
  headers: Record<string, string>
  /** null: there is none. */
  body: string | null
}

const mostly = <Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>, weight = 10) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd })

const oddSegment = fc.oneof(
  fc.constantFrom('', '%', '%ff', '%00', '%2e%2e', '..', '.', '%2F', ';a', ':id', '*', 'x'.repeat(5_000)),
  oddText.map(text => encodeURIComponent(text.toWellFormed())),
)

const queries = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(fc.constant('status'), fc.constantFrom('OPEN', 'CLOSED', 'ARCHIVED')),
      },
      { weight: 4, arbitrary: fc.tuple(fc.constant('limit'), fc.constantFrom('1', '20', '100')) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.oneof(fc.constantFrom('status', 'limit', 'cursor'), oddText), oddText),
      },
    ),
    { maxLength: 2 },
  )
  .map(pairs => String(new URLSearchParams(pairs)))

/** A header holds Latin-1 without control characters. Node's own client refuses anything else. */
const headerText = oddText.map(text => text.replace(/[^\x20-\x7e\xa0-\xff]/g, '').slice(0, 400))

/** The bodies that the routes ask for. */
const usual = {
  status: fc.constantFrom('OPEN', 'CLOSED', 'ARCHIVED').map(status => ({ status })),
  assign: fc.constantFrom({ agentId: null }, { agentId: 'agt_unknown' }),
  create: fc.record(
    {
      email: mostly(fc.constantFrom('person1@example.com', 'new@example.com'), oddText),
      name: mostly(fc.constantFrom(null, 'Ann'), oddText),
      subject: mostly(fc.constant('A question'), fc.oneof(oddText, oddValue)),
      contentText: mostly(fc.constant('Hello'), oddText),
    },
    { requiredKeys: ['email', 'contentText'] },
  ),
}

const oddBody = fc.oneof(
  fc.dictionary(fc.constantFrom('status', 'agentId', 'email', 'contentText', '__proto__'), oddValue),
  ...Object.values(usual),
  oddValue,
)

const textOfBody = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<string> => {
  const body = mostly(arbitrary, oddBody, 6).map(value => JSON.stringify(value))
  const cut = fc.tuple(body, fc.nat(50)).map(([text, at]) => text.slice(0, at))
  return mostly(body, fc.oneof(cut, oddText), 12)
}

const headers = fc.record(
  {
    'content-type': mostly(
      fc.constant('application/json'),
      fc.oneof(
        fc.constantFrom('text/plain', 'message/rfc822', 'application/json; charset=utf-16', ''),
        headerText,
      ),
    ),
    accept: fc.oneof(fc.constantFrom('application/json', 'text/html', '*/*'), headerText),
    'idempotency-key': fc.oneof(fc.constantFrom('a', 'b'), headerText),
    'x-http-method-override': fc.constantFrom('DELETE', 'PUT'),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
    'x-request-id': headerText,
    expect: fc.constant('100-continue'),
  },
  { requiredKeys: ['content-type'] },
)

/** Arbitrary requests to the documented paths. Most name what exists, with a method that the path has. */
export function restRequests(known: Known): fc.Arbitrary<RestRequest> {
  const workspace = mostly(
    fc.constant(known.workspaceId),
    fc.oneof(fc.constantFrom(...known.foreign), oddSegment),
    25,
  )
  const idOf = (ids: string[]) =>
    mostly(fc.constantFrom(...ids), fc.oneof(fc.constantFrom(...known.foreign, ...known.all), oddSegment))
  const path = (of: (workspace: string, conversation: string, contact: string) => string) =>
    fc.tuple(workspace, idOf(known.conversations), idOf(known.contacts)).map(parts => of(...parts))
  const inbox = (workspace: string) => `/v1/workspaces/${workspace}/support/inbox`
  const conversations = path(of => `${inbox(of)}/conversations`)
  const put = (end: 'status' | 'assign') => ({
    method: fc.constant('PUT'),
    path: path((of, conversation) => `${inbox(of)}/conversations/${conversation}/${end}`),
    body: textOfBody(usual[end]),
  })
  const get = (paths: fc.Arbitrary<string>) =>
    fc.record({ method: fc.constant('GET'), path: paths, body: textOfBody(oddBody) })
  const routes = fc.oneof(
    { weight: 3, arbitrary: get(conversations) },
    {
      weight: 3,
      arbitrary: fc.record({
        method: fc.constant('POST'),
        path: conversations,
        body: textOfBody(usual.create),
      }),
    },
    {
      weight: 3,
      arbitrary: get(path((of, _, contact) => `${inbox(of)}/customers/${contact}/conversations`)),
    },
    { weight: 3, arbitrary: fc.record(put('status')) },
    { weight: 3, arbitrary: fc.record(put('assign')) },
    {
      weight: 1,
      arbitrary: fc.record({
        method: fc.constant('POST'),
        path: path(of => `${inbox(of)}/inbound-emails`),
        body: textOfBody(oddBody),
      }),
    },
    {
      weight: 1,
      arbitrary: get(
        fc.oneof(
          fc.constant('/v1/openapi.json'),
          oddSegment.map(segment => `/v1/workspaces/${segment}`),
        ),
      ),
    },
  )
  const otherMethods = fc.constantFrom(
    'HEAD',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'PUT',
    'GET',
    'TRACE',
    'PROPFIND',
  )
  return fc
    .record({
      route: routes,
      other: mostly(fc.constant(null), otherMethods),
      query: queries,
      headers,
    })
    .map(({ route, other, query, headers }) => {
      const method = other ?? route.method
      const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'TRACE'
      return { method, path: route.path, query, headers, body: hasBody ? route.body : null }
    })
}

/** Sends a request as it is written: no client library repairs its path. */
export function sendRest(
  client: Client,
  request: RestRequest,
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  const { url, authorization } = client
  const { method, path, query, headers, body } = request
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = open(
      {
        hostname,
        port,
        method,
        path: query === '' ? path : `${path}?${query}`,
        headers: { authorization, ...headers },
      },
      async response => {
        const text = await textOf(response)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      },
    )
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // The server has ended the connection meanwhile: a client tries again on a new one, as Node's manual says.
      if (error.code === 'ECONNRESET' && sent.reusedSocket) resolve(sendRest(client, request))
      else reject(error)
    })
    sent.end(body ?? undefined)
  })
}
