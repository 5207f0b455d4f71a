import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect } from 'vitest'
import type WebSocket from 'ws'
import {
  type Attack,
  isAnswered,
  outcomeOf,
  type Row,
  requireUnharmed,
  type Target,
  test,
} from '../support/attack.ts'
import { changeStatus } from '../support/conversations.ts'
import { newConversation } from '../support/gateway.ts'
import { acknowledged, bareSocket, closed, overSocket, socketClient, statusChanges } from '../support/live.ts'
import { rawExchange } from '../support/raw-http.ts'

type Message = { type?: string; id?: string; payload?: unknown }

/** What ends an exchange: a message that refuses an operation or completes it. */
function endOf({ type, payload }: Message): string | null {
  const [code] = /"code":"[A-Z_]+"/.exec(JSON.stringify(payload) ?? '') ?? []
  if (code) return code.slice(8, -1)
  return type === 'complete' ? 'complete' : null
}

/** Writes to a socket, and returns what ends the exchange: its close, or its first message that is an end. */
async function exchange(socket: WebSocket, write: (socket: WebSocket) => void) {
  const received: string[] = []
  const end = new Promise<string>(resolve => {
    void closed(socket).then(code => resolve(`closed with ${code}`))
    socket.on('error', () => {})
    socket.on('message', message => {
      received.push(String(message))
      const end = endOf(JSON.parse(String(message)))
      if (end) resolve(end)
    })
  })
  write(socket)
  const outcome = await end
  socket.terminate()
  return { outcome, text: received.join('\n') }
}

const textOf = (message: unknown) => (typeof message === 'string' ? message : JSON.stringify(message))

/** Sends these messages before a key is shown. */
const stranger =
  (...messages: unknown[]): Attack =>
  async ({ acme }) => {
    const socket = bareSocket(acme.client)
    await once(socket, 'open')
    return exchange(socket, () => messages.forEach(message => void socket.send(textOf(message))))
  }

/** Sends these messages after the key has been shown. */
const client =
  (...messages: unknown[]): Attack =>
  async ({ acme }) =>
    exchange(await acknowledged(acme.client), socket =>
      messages.forEach(message => void socket.send(textOf(message))),
    )

/** Writes bytes under the WebSocket, as no client library would. */
const bytes =
  (...pieces: Buffer[]): Attack =>
  async ({ acme }) =>
    exchange(await acknowledged(acme.client), socket => {
      const { _socket: stream } = socket as unknown as { _socket: Duplex }
      stream.on('error', () => {})
      stream.write(Buffer.concat(pieces))
    })

/** It costs nothing if its page size is 0, and reads pages of 25 and 10 if its page size is lost. */
const protoPages =
  'query ($__proto__: Int) { conversations(first: $__proto__) { edges { node { messages(first: $__proto__) { edges { node { id } } } } } } }'

const mask = Buffer.alloc(4)
/** A frame of up to 125 bytes with a mask of zeros. */
const frame = (first: number, payload: string | Buffer = '') =>
  Buffer.concat([Buffer.from([first, 0x80 | Buffer.byteLength(payload)]), mask, Buffer.from(payload)])

const subscribe = (id: unknown, payload: unknown) => ({ id, type: 'subscribe', payload })
const counts = { query: 'subscription { conversationCountsChanged { open } }' }
const init = (authorization: unknown) => ({ type: 'connection_init', payload: { authorization } })
const ping = (characters: number) => ({ type: 'ping', payload: { a: 'x'.repeat(characters) } })

const strangers: Row[] = [
  ['an operation', 'closed with 4401', stranger(subscribe('1', { query: '{ __typename }' }))],
  ['1,000 times its wrong key', 'closed with 4429', stranger(...Array(1_000).fill(init('Bearer none')))],
  ['a key in a list', 'closed with 4401', stranger(init(['Bearer none']))],
  ['a key in an object with toString', 'closed with 4401', stranger(init({ toString: 'Bearer none' }))],
  ['a key with SQL', 'closed with 4401', stranger(init("Bearer ' or 1=1 --"))],
  ['an init without a payload', 'closed with 4401', stranger({ type: 'connection_init' })],
  ['an init of 10,000 characters', 'closed with 1009', stranger(init(`Bearer ${'a'.repeat(10_000)}`))],
  [
    'an init of 1,900 lists',
    'closed with 4401',
    stranger(`{"type":"connection_init","payload":{"a":${'['.repeat(1_900)}${']'.repeat(1_900)}}}`),
  ],
  ['a ping of a megabyte', 'closed with 1009', stranger(ping(1_000_000))],
  ['1,100 pings', 'closed with 4429', stranger(...Array(1_100).fill(ping(10)))],
  ['a result', 'closed with 4400', stranger({ type: 'next', id: '1', payload: {} })],
]

const clients: Row[] = [
  ['its key again', 'closed with 4429', client(init('Bearer none'))],
  ['2,000 pings', 'closed with 4429', client(...Array(2_000).fill(ping(10)))],
  [
    '2,000 times the end of nothing',
    'closed with 4429',
    client(...Array(2_000).fill({ type: 'complete', id: 'x' })),
  ],
  ['no JSON', 'closed with 4400', client('{')],
  ['null', 'closed with 4400', client('null')],
  ['300,000 lists in lists', 'closed with 1009', client('['.repeat(300_000) + ']'.repeat(300_000))],
  ['9,000 lists in lists', 'closed with 4400', client('['.repeat(9_000) + ']'.repeat(9_000))],
  ['a type that is unknown', 'closed with 4400', client({ type: 'start', id: '1', payload: {} })],
  ['a type that is an object', 'closed with 4400', client({ type: { toString: 'ping' } })],
  ['next', 'closed with 4400', client({ type: 'next', id: '1', payload: { data: {} } })],
  ['error', 'closed with 4400', client({ type: 'error', id: '1', payload: [{ message: 'x' }] })],
  ['connection_ack', 'closed with 4400', client({ type: 'connection_ack' })],
  ['an operation without an id', 'closed with 4400', client(subscribe(undefined, counts))],
  ['an operation whose id is empty', 'closed with 4400', client(subscribe('', counts))],
  ['an operation whose id is a number', 'closed with 4400', client(subscribe(7, counts))],
  ['an operation whose query is a number', 'closed with 4400', client(subscribe('1', { query: 7 }))],
  [
    'an operation whose variables are a list',
    'closed with 4400',
    client(subscribe('1', { ...counts, variables: [1] })),
  ],
  [
    'an operation with the id of an open one',
    'closed with 4409',
    client(subscribe('1', counts), { type: 'ping' }, ...waited(subscribe('1', counts))),
  ],
  [
    'an operation with an id of 900,000 characters',
    'LIMIT_EXCEEDED',
    client(subscribe('x'.repeat(900_000), { query: '{ __typename }' })),
  ],
  ['a syntax error', 'INVALID_INPUT', client(subscribe('1', { query: '{' }))],
  [
    'a subscription that skips its root',
    'INVALID_INPUT',
    client(
      subscribe('1', { query: 'subscription { conversationStatusChanged @skip(if: true) { status } }' }),
    ),
  ],
  [
    'a __proto__ variable',
    'complete',
    client(
      '{"id":"1","type":"subscribe","payload":{"query":"{ __typename }","variables":{"__proto__":{"isAdmin":true}}}}',
    ),
  ],
  [
    'a variable that is named as a prototype, as page size',
    'INVALID_INPUT',
    client(
      `{"id":"1","type":"subscribe","payload":{"query":${JSON.stringify(protoPages)},"variables":{"__proto__":0}}}`,
    ),
  ],
  [
    'a query 400 levels deep',
    'LIMIT_EXCEEDED',
    client(subscribe('1', { query: `${'{ viewer '.repeat(400)}${'}'.repeat(400)}` })),
  ],
  ['a message of 10 MB', 'closed with 1009', client(ping(10_000_000))],
]

/** Sent once the messages ahead have been read: a socket reads one message a turn. */
function waited(message: unknown): unknown[] {
  return [...Array(50).fill({ type: 'ping' }), message]
}

const frames: Row[] = [
  ['with a reserved bit', 'closed with 1002', bytes(frame(0xf1, '{}'))],
  ['that claims to be compressed', 'closed with 1002', bytes(frame(0xc1, '{}'))],
  ['with an unknown opcode', 'closed with 1002', bytes(frame(0x83, '{}'))],
  ['without a mask', 'closed with 1002', bytes(Buffer.from([0x81, 2, 0x7b, 0x7d]))],
  ['that continues nothing', 'closed with 1002', bytes(frame(0x80, '{}'))],
  ['that begins within another message', 'closed with 1002', bytes(frame(0x01, '{'), frame(0x81, '}'))],
  ['that is text and no UTF-8', 'closed with 1007', bytes(frame(0x81, Buffer.from([0xff, 0xfe])))],
  [
    'that announces 2^63 bytes',
    'closed with 1009',
    bytes(Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), mask),
  ],
  [
    'that announces 2^40 bytes',
    'closed with 1009',
    bytes(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0]), mask),
  ],
  [
    'of 10 MB',
    'closed with 1009',
    bytes(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x98, 0x96, 0x80]), mask, Buffer.alloc(10_000_000, ' ')),
  ],
  ['that is a ping in fragments', 'closed with 1002', bytes(frame(0x09, 'x'))],
  [
    'that is a ping of 126 bytes',
    'closed with 1002',
    bytes(Buffer.from([0x89, 0xfe, 0, 126]), mask, Buffer.alloc(126)),
  ],
  ['that closes with a wrong code', 'closed with 1002', bytes(frame(0x88, Buffer.from([0, 1])))],
  [
    'in 200,000 fragments of a byte',
    'closed with 1008',
    bytes(frame(0x01, ' '), Buffer.concat(Array(200_000).fill(frame(0x00, ' ')))),
  ],
]

const upgrade =
  (path: string, headers: Record<string, string>): Attack =>
  async ({ gateway }) => {
    const all = {
      Host: 'x',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    const text = await rawExchange(gateway.url, `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    return { outcome: text.slice(9, 12), text }
  }

const key = { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }

const upgrades: Row[] = [
  ['at another path', '404', upgrade('/metrics', key)],
  ['at a path with dots', '404', upgrade('/graphql/../graphql', key)],
  ['without a key', '400', upgrade('/graphql', {})],
  ['with a key of 4,000 characters', '400', upgrade('/graphql', { 'Sec-WebSocket-Key': 'A'.repeat(4_000) })],
  ['of version 99', '400', upgrade('/graphql', { ...key, 'Sec-WebSocket-Version': '99' })],
  [
    'with a list of protocols that is none',
    '400',
    upgrade('/graphql', { ...key, 'Sec-WebSocket-Protocol': ',,;' }),
  ],
]

describe('before its key is shown, a socket', () => {
  test.for(strangers)('sends %s: %s', isAnswered)

  test('sends nothing: closed with 4408', async ({ target }) => {
    expect(await outcomeOf(target, stranger(), 3_000)).toBe('closed with 4408')
  })
})

describe('with its key, a socket', () => {
  test.for(clients)('sends %s: %s', isAnswered)
})

describe('a frame', () => {
  test.for(frames)('%s: %s', isAnswered)
})

describe('an upgrade', () => {
  test.for(upgrades)('%s: %s', isAnswered)
})

test('wrong operations beside a subscription take nothing from it', async ({ target }) => {
  const { client: caller } = target.acme
  const { id, cursor } = await newConversation(caller)
  const stock = socketClient(caller)
  const heard = overSocket(stock, statusChanges, { after: cursor })
  const attack = async (_: Target) => {
    const ends = await Promise.all(
      ['{', '{ nothing }', '', `{ ${'a '.repeat(2_000)} }`].map(query => overSocket(stock, query).ended),
    )
    return { outcome: String(ends.every(end => Array.isArray(end))), text: JSON.stringify(ends) }
  }
  expect(await outcomeOf(target, attack)).toBe('true')
  await changeStatus(caller, id, 'CLOSED')
  expect(await heard.until(1)).toMatchObject([{ status: 'CLOSED' }])
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
