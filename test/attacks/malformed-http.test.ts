import { describe, expect } from 'vitest'
import { readConfig } from '../../src/config.ts'
import {
  type Attack,
  test as base,
  each,
  isAnswered,
  outcomeOf,
  type Row,
  requireUnharmed,
  send,
} from '../support/attack.ts'
import { startedWith } from '../support/fixtures.ts'
import { rawConnection, rawExchange } from '../support/raw-http.ts'

const test = startedWith(base, {
  connections: { ...readConfig({}).connections, headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 },
})

const secondMs = 1_000

/** Sends bytes as they are, and returns the statuses of all answers. */
const raw =
  (...lines: string[]): Attack =>
  async ({ gateway, acme }) => {
    const text = await rawExchange(
      gateway.url,
      lines.join('\r\n').replaceAll('KEY', acme.client.authorization),
    )
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)
    return { outcome: statuses.join(' then '), text }
  }

const get = (...headers: string[]): Attack => raw('GET /health/live HTTP/1.1', 'Host: x', ...headers, '', '')
const post = (headers: string[], ...body: string[]): Attack =>
  raw(
    'POST /graphql HTTP/1.1',
    'Host: x',
    'Authorization: KEY',
    'Content-Type: application/json',
    ...headers,
    '',
    ...body,
  )

const query = '{"query":"{ __typename }"}'
const smuggled = ['GET /health/live HTTP/1.1', 'Host: x', '', '']
const length = `Content-Length: ${query.length}`
const close = 'Connection: close'
const chunked = 'Transfer-Encoding: chunked'

const messages: Row[] = [
  ...['[', 'a b', 'x:99999', 'a/b', 'x#y', 'x@y', '1.2.3.4.5', '256.256.256.256', 'foo.1'].map(
    (host): Row => [
      `with the Host ${host}`,
      '400',
      raw(
        `GET /graphql?query=%7B__typename%7D HTTP/1.1`,
        `Host: ${host}`,
        'Authorization: KEY',
        'Connection: close',
        '',
        '',
      ),
    ],
  ),
  ['with a length and in chunks', '400', post(['Content-Length: 4', chunked], '0', '', ...smuggled)],
  ['in chunks and with a length', '400', post([chunked, 'Content-Length: 4'], '0', '', ...smuggled)],
  ['with two lengths', '400', post([length, 'Content-Length: 1'], query)],
  ['with two lengths in one header', '400', post([`Content-Length: ${query.length}, 1`], query)],
  ['with a negative length', '400', post(['Content-Length: -1'], query)],
  ['with a length of 10^30', '400', post([`Content-Length: 1${'0'.repeat(30)}`], query)],
  ['with a length of 10^15', '413', post(['Content-Length: 1000000000000000', close], query)],
  ['with a length in hexadecimal', '400', post(['Content-Length: 0x1a'], query)],
  ['in chunks of a negative size', '400', post([chunked], '-1', query, '0', '', '')],
  ['in chunks of 2^64', '400', post([chunked], 'ffffffffffffffffff', query, '0', '', '')],
  ['in chunks whose size is no number', '400', post([chunked], 'z', query, '0', '', '')],
  [
    'in chunks with an extension of 100 kB',
    '400',
    post([chunked], `1a;${'x'.repeat(100_000)}`, query, '0', '', ''),
  ],
  [
    'with a transfer coding that is hidden',
    '400',
    post(['Transfer-Encoding: xchunked'], '0', '', ...smuggled),
  ],
  ['with a space before the colon', '400', post([`Content-Length : ${query.length}`], query)],
  ['with a folded header', '400', get('X-A: b', '\tc')],
  ['with NUL in a header', '400', get('X-A: b\0c')],
  ['with bare line feeds', '400', raw('GET /health/live HTTP/1.1\nHost: x\nX: y\n\n')],
  ['with 20 kB in one header', '431', get(`X-A: ${'b'.repeat(20_000)}`)],
  ['with 3,000 headers', '431', get(...Array.from({ length: 3_000 }, (_, i) => `X-${i}: b`))],
  ['with 1,500 cookies', '431', get(`Cookie: ${each(1_500, i => `c${i}=xxxxxxxx;`)}`)],
  ['with a path of 20 kB', '431', raw(`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'Host: x', '', '')],
  ['without a host', '400', raw('GET /health/live HTTP/1.1', '', '')],
  ['with two hosts', '400', raw('GET /health/live HTTP/1.1', 'Host: x', 'Host: y', close, '', '')],
  ['of version 2.0', '200', raw('GET /health/live HTTP/2.0', 'Host: x', '', '')],
  ['that begins HTTP/2', '400', raw('PRI * HTTP/2.0', '', 'SM', '', '')],
  ['that is TLS', '400', raw('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03')],
  ['to be a proxy', '404', raw('GET http://169.254.169.254/latest HTTP/1.1', 'Host: x', close, '', '')],
  ['to connect elsewhere', '', raw('CONNECT 127.0.0.1:22 HTTP/1.1', 'Host: x', '', '')],
  ['by an unknown method', '400', raw('HACK /graphql HTTP/1.1', 'Host: x', close, '', '')],
  ['with TRACE', '404', raw('TRACE /graphql HTTP/1.1', 'Host: x', 'Authorization: KEY', close, '', '')],
  ['100 times in one piece', '200', raw(...Array(100).fill(smuggled.slice(0, 3)).flat(), '')],
  ['that expects what nobody can', '417', post(['Expect: 200-ok', length, close], query)],
]

const path =
  (text: string): Attack =>
  target =>
    send(target, text)

/** `fetch` would resolve the dots. */
const rawPath = (text: string): Attack =>
  raw(`GET ${text} HTTP/1.1`, 'Host: x', 'Authorization: KEY', close, '', '')

const paths: Row[] = [
  ['with dots in the documentation', '403', rawPath('/v1/docs/static/../../../../package.json')],
  [
    'with encoded dots in the documentation',
    '404',
    rawPath('/v1/docs/static/%2e%2e%2f%2e%2e%2fpackage.json'),
  ],
  ['with dots that are encoded twice', '404', rawPath('/v1/docs/static/%252e%252e%252fpackage.json')],
  ['with backslashes', '403', rawPath('/v1/docs/static/..\\..\\package.json')],
  ['with NUL in the documentation', '403', rawPath('/v1/docs/static/index.html%00.png')],
  ['that is no UTF-8', '404', path('/v1/workspaces/%ff%fe/support/inbox/conversations')],
  ['that is half an encoding', '404', path('/v1/workspaces/%/support/inbox/conversations')],
  [
    'with a parameter of 10,000 characters',
    '404',
    path(`/v1/workspaces/${'a'.repeat(10_000)}/support/inbox/conversations`),
  ],
  ['of another host', '404', rawPath('//evil.example/%2f..')],
  ["that names an object's own properties", '404', path('/__proto__/constructor')],
]

describe('a request', () => {
  test.for(messages)('%s: %s', isAnswered)
})

describe('a path', () => {
  test.for(paths)('%s: %s', isAnswered)
})

/** Sends a byte every 50 ms until it is cut. */
const dripping =
  (head: string): Attack =>
  async ({ gateway, acme }) => {
    const socket = rawConnection(gateway.url)
    let text = ''
    socket.on('data', chunk => {
      text += chunk
    })
    socket.write(head.replace('KEY', acme.client.authorization))
    const drops = setInterval(() => socket.write('x'), 50)
    await socket.gone
    clearInterval(drops)
    return { outcome: text.slice(9, 12), text }
  }

test.for<[string, string]>([
  ['headers', 'GET /health/live HTTP/1.1\r\nX-Slow: '],
  [
    'body',
    'POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: KEY\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
  ],
])('%s that drip are cut with 408', async ([, head], { target }) => {
  // Late headers and bodies are looked for once a second, and the rest is read for a while.
  expect(await outcomeOf(target, dripping(head), 5 * secondMs)).toBe('408')
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
