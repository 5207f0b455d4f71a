import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect } from 'vitest'
import type WebSocket from 'ws'
import { startedWith } from '../support/fixtures.ts'
import type { Client, Workspace } from '../support/gateway.ts'
import { acknowledged, bareSocket, closed } from '../support/live.ts'
import { test as base } from '../support/live-fixtures.ts'
import { rawConnection } from '../support/raw-http.ts'

/** A body of the largest size and one of 100,000 bytes do not fit together. */
const maxBodyBytes = 150_000
const test = startedWith(base, { limits: { maxRequestBytesPerKey: 200_000, maxBodyBytes } })

const pad = 'x'.repeat(100_000)
const graph = () => '/graphql'
const rest = ({ id }: Workspace) => `/v1/workspaces/${id}/support/inbox/conversations`
const query = '{ workspace { name } }'

/** The status of a request of 100,000 bytes. It is 400 over REST, whose body is none. */
const statusOf = async ({ client }: Workspace, path: string) =>
  (await client.rest('POST', path, path === '/graphql' ? { query, variables: { pad } } : { pad })).status

/** Sends the head of a request whose body does not come. */
function begin({ client }: Workspace, path: string, framing: string) {
  const socket = rawConnection(client.url)
  const headers = `Authorization: ${client.authorization}\r\nContent-Type: application/json\r\n${framing}`
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`)
  return socket
}

describe('a body that does not arrive leaves no room for others of its key, until its client is gone', () => {
  const framings = [`Content-Length: ${maxBodyBytes}`, 'Transfer-Encoding: chunked']
  for (const pathOf of [graph, rest])
    for (const framing of framings)
      test(`${pathOf.name}, ${framing}`, async ({ acme }) => {
        const path = pathOf(acme)
        const served = await statusOf(acme, path)
        const beginAlone = async () => {
          const socket = begin(acme, path, framing)
          await once(socket, 'connect')
          await acme.client.graphql(query)
          return socket
        }
        let dripping = await beginAlone()
        const statusBeside = async () => {
          // It is refused if it comes while a large request is open.
          if (dripping.bytesRead > 0) dripping = await beginAlone()
          return statusOf(acme, path)
        }
        await expect.poll(statusBeside).toBe(429)
        expect((await acme.client.graphql(query)).status).toBe(200)
        dripping.destroy()
        await expect.poll(() => statusOf(acme, path)).toBe(served)
      })
})

const streamOf = (socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket

/** The head of a masked frame of 140,000 bytes. */
const frameHead = Buffer.concat([Buffer.from([0x81, 0xff]), lengthOf(140_000), Buffer.alloc(4)])

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(bytes))
  return length
}

/** Sends the beginning of a message. */
function sendPart(socket: WebSocket, bytes: number): void {
  const stream = streamOf(socket)
  stream.on('error', () => {})
  stream.write(Buffer.concat([frameHead, Buffer.alloc(bytes, 'x')]))
}

describe('a message that is not complete', () => {
  test('is not taken from a stranger beyond 64 KiB', async ({ acme }) => {
    const socket = bareSocket(acme.client)
    await once(socket, 'open')
    const code = closed(socket)
    sendPart(socket, 130_000)
    expect(await code).toBe(1009)
  })

  test('counts among the requests of its key, until it is complete or its socket is gone', async ({
    acme,
  }) => {
    const first = await acknowledged(acme.client)
    sendPart(first, 130_000)
    await expect.poll(() => statusOf(acme, '/graphql')).toBe(429)
    const second = await acknowledged(acme.client)
    const code = closed(second)
    sendPart(second, 130_000)
    expect(await code).toBe(1013)
    expect(first.readyState).toBe(first.OPEN)
    streamOf(first).write(Buffer.alloc(10_000, 'x'))
    await expect.poll(() => statusOf(acme, '/graphql')).toBe(200)
  })
})

/** Opens a subscription to the counts with further variables, and returns what comes first. */
async function subscribed(client: Client, id: string, variables: object): Promise<[WebSocket, string]> {
  const socket = await acknowledged(client)
  const payload = { query: 'subscription { conversationCountsChanged { open } }', variables }
  const answer = once(socket, 'message')
  socket.send(JSON.stringify({ id, type: 'subscribe', payload }))
  return [socket, String(await answer)]
}

test('open subscriptions count with all that they carry, until they end', async ({ acme }) => {
  const [first, counts] = await subscribed(acme.client, '1', { pad })
  expect(counts).toContain('"type":"next"')
  const second = await acknowledged(acme.client)
  const code = closed(second)
  const payload = { query: '{ viewer { id } }', variables: { pad } }
  second.send(JSON.stringify({ id: '1', type: 'subscribe', payload }))
  expect(await code).toBe(1013)
  expect(first.readyState).toBe(first.OPEN)
  first.send(JSON.stringify({ id: '1', type: 'complete' }))
  await expect.poll(() => statusOf(acme, '/graphql')).toBe(200)
  expect((await subscribed(acme.client, '1', { pad }))[1]).toContain('"type":"next"')
})

test('the number of open subscriptions is bounded also if they are small', async ({ acme }) => {
  const socket = await acknowledged(acme.client)
  const messages: string[] = []
  socket.on('message', message => messages.push(String(message)))
  const payload = { query: 'subscription { conversationCountsChanged { open } }' }
  for (let id = 0; id < 30; id++) socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload }))
  await expect.poll(() => messages.length).toBe(30)
  expect(messages.filter(text => text.includes('RATE_LIMITED')).length).toBe(6)
})

test('an id that is repeated in each frame is short', async ({ acme }) => {
  const [, short] = await subscribed(acme.client, 'x'.repeat(256), {})
  expect(short).toContain('"type":"next"')
  const [, long] = await subscribed(acme.client, 'x'.repeat(257), {})
  expect(long).toContain('"code":"LIMIT_EXCEEDED"')
})
