import { once } from 'node:events'
import { setInterval as every } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { test as base, startedWith } from '../support/fixtures.ts'
import type { Gateway, Workspace } from '../support/gateway.ts'
import { handIn, mail } from '../support/inbound.ts'
import { rawConnection, rawExchange } from '../support/raw-http.ts'

const test = startedWith(base, {
  connections: {
    ...readConfig({}).connections,
    maxConnectionsPerAddress: 60,
    headersTimeoutMs: 2_000,
    requestTimeoutMs: 1_000,
    mailRequestTimeoutMs: 20_000,
    stalledAnswerTimeoutMs: 4_000,
  },
})

const statusesIn = (answer: string) => [...answer.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status)

const head = (line: string, headers: Record<string, string | number>) =>
  `${line} HTTP/1.1\r\n${Object.entries({ Host: 'x', ...headers })
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')}\r\n\r\n`

/** The request for the largest answer there is without a key: a script of GraphiQL, of 5 MB without compression. */
async function largest({ url }: Gateway): Promise<string> {
  const page = await (await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).text()
  const [script = ''] = /\/graphiql\/[^"]*\/graphiql\.js/.exec(page) ?? []
  return head(`GET ${script}`, {})
}

const connections = (gateway: Gateway) =>
  new Promise<number>(resolve => gateway.app.fastify.server.getConnections((_, count) => resolve(count)))

/** Sends a byte every 100 ms until the connection is cut: a client that reads nothing finds out only by sending. */
async function dripUntilCut(socket: ReturnType<typeof rawConnection>, text: string): Promise<void> {
  const dripping = setInterval(() => socket.write(text), 100)
  await socket.gone
  clearInterval(dripping)
}

/** Sends this, and then a byte every 100 ms. Returns what comes back until the connection is cut. */
async function drip(url: string, begin: string): Promise<string> {
  const socket = rawConnection(url)
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  socket.write(begin)
  await dripUntilCut(socket, 'x')
  return answer
}

describe('a request that comes before the answer to the one ahead of it', () => {
  const mutation = (acme: Workspace) => {
    const body = JSON.stringify({
      query: `mutation { createConversation(input: { email: "jane@example.com", contentText: "Hi" }) { cursor } }`,
    })
    const headers = { Authorization: acme.client.authorization, 'Content-Type': 'application/json' }
    return head('POST /graphql', { ...headers, 'Content-Length': body.length }) + body
  }

  test('is not executed, and the connection ends after that answer', async ({ gateway, acme }) => {
    const answer = await rawExchange(gateway.url, mutation(acme).repeat(3))
    expect(statusesIn(answer)).toEqual(['200'])
    expect(answer).toMatch(/^Connection: close/im)
    const { data } = await acme.client.graphql<{ conversations: { totalCount: number } }>(
      '{ conversations(first: 1) { totalCount } }',
    )
    expect(data.conversations.totalCount).toBe(1)
  })

  test('300 times for a large file, unread, takes neither memory nor time', async ({ gateway }) => {
    const before = process.memoryUsage()
    const socket = rawConnection(gateway.url).pause()
    socket.write((await largest(gateway)).repeat(300))
    await dripUntilCut(socket, '\r\n')
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
    const after = process.memoryUsage()
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(200e6)
  })

  test('is served when it comes after that answer', async ({ gateway }) => {
    const socket = rawConnection(gateway.url)
    for (let index = 0; index < 3; index++) {
      socket.write(head('GET /health/live', {}))
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200/)
    }
  })
})

describe('a client that drips', () => {
  test('its headers is answered with 408 and cut', async ({ gateway }) => {
    const answer = await drip(gateway.url, 'GET /health/live HTTP/1.1\r\nX-Slow: ')
    expect(answer).toMatch(/^HTTP\/1.1 408 .*"statusCode":408/s)
  })

  test('nothing at all is cut', async ({ gateway }) => {
    const socket = rawConnection(gateway.url).resume()
    socket.once('end', () => socket.end())
    await socket.gone
  })

  test('its body is answered with 408 and cut', async ({ gateway, acme }) => {
    const headers = { Authorization: acme.client.authorization, 'Content-Type': 'application/json' }
    const begin = head('POST /graphql', { ...headers, 'Content-Length': 10_000 })
    expect(await drip(gateway.url, begin)).toMatch(/^HTTP\/1.1 408 .*"statusCode":408/s)
  })

  test.for([
    ['/graphql', '401'],
    ['/v1/workspaces/wrk_x/support/inbox/inbound-emails', '401'],
    ['/nothing', '404'],
    ['/health/live', '404'],
    ['/v1/workspaces/%zz', '404'],
  ] as const)(
    'a body that is not wanted, to %s, is answered with %s and is cut',
    async ([path, status], { gateway }) => {
      const begin = head(`POST ${path}`, { 'Content-Type': 'application/json', 'Content-Length': 10_000 })
      const answer = await drip(gateway.url, begin)
      expect(statusesIn(answer)).toEqual([status])
    },
  )

  test('a mail has the longer time of mails', async ({ gateway, acme }) => {
    const raw = mail({ 'Message-ID': '<slow@example.com>' })
    const socket = rawConnection(gateway.url)
    socket.write(
      head(`POST /v1/workspaces/${acme.id}/support/inbox/inbound-emails`, {
        Authorization: acme.client.authorization,
        'Content-Type': 'message/rfc822',
        'Content-Length': raw.length,
      }),
    )
    const answered = once(socket, 'data')
    // Three times as long as another body may take.
    const bytes = raw[Symbol.iterator]()
    for await (const _ of every(3_000 / raw.length)) {
      const { done, value } = bytes.next()
      if (done) break
      socket.write(value)
    }
    expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 201/)
    expect(await handIn(acme.client, acme.id, raw)).toMatchObject({ status: 201, replayed: 'true' })
  })
})

describe('an answer that its client does not read', () => {
  test('is cut, also when the client goes on sending', async ({ gateway }) => {
    const socket = rawConnection(gateway.url).pause()
    socket.write(await largest(gateway))
    await once(socket, 'readable')
    await dripUntilCut(socket, '\r\n')
  })

  test('is sent whole to one that reads slowly', async ({ gateway }) => {
    const socket = rawConnection(gateway.url).pause()
    socket.write(await largest(gateway))
    let read = 0
    let length = Number.NaN
    // Longer than an answer may be stalled.
    for await (const _ of every(40)) {
      const chunk = socket.read() as Buffer | null
      length ||= Number(/content-length: (\d+)/i.exec(String(chunk))?.[1])
      read += chunk?.length ?? 0
      if (read >= length) break
    }
    expect(read).toBeGreaterThan(length)
  })
})

test('connections beyond the limit of an address are closed', async ({ gateway }) => {
  const sockets = Array.from({ length: 70 }, () => rawConnection(gateway.url).resume())
  await expect.poll(() => connections(gateway)).toBe(60)
  await expect.poll(() => sockets.filter(socket => socket.readableEnded).length).toBeGreaterThanOrEqual(10)
})
