import { once } from 'node:events'
import { connect } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import WebSocket from 'ws'
import { resume } from '../examples/resume.ts'
import { revokeKey } from '../src/domain/key/revoke.ts'
import {
  type Client,
  type Gateway,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'
import { overEventStream, overSocket, type StatusEvent, socketClient, statusChanges } from './support/live.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

const setStatus = `mutation ($id: ID!, $status: ConversationStatus!) {
  setConversationStatus(input: { conversationId: $id, status: $status }) { cursor userErrors { message } }
}`

/** Turns a conversation's status so many times and answers the cursors of the changes. */
async function turn(caller: Client, id: string, times: number): Promise<string[]> {
  const { data } = await caller.graphql<{ conversation: { status: string } }>(
    'query ($id: ID!) { conversation(id: $id) { status } }',
    { id },
  )
  const cursors: string[] = []
  for (let open = data.conversation.status === 'OPEN'; cursors.length < times; open = !open) {
    const variables = { id, status: open ? 'CLOSED' : 'OPEN' }
    const answer = await caller.graphql<{ setConversationStatus: { cursor: string } }>(setStatus, variables)
    cursors.push(answer.data.setConversationStatus.cursor)
  }
  return cursors
}

const cursorsOf = (events: StatusEvent[]) => events.map(event => event.cursor)

async function eventCursor(caller: Client): Promise<string> {
  const { data } = await caller.graphql<{ workspace: { eventCursor: string } }>(
    '{ workspace { eventCursor } }',
  )
  return data.workspace.eventCursor
}

/** Waits until the gateway has so many live subscribers. */
async function subscribed(count: number): Promise<void> {
  await expect
    .poll(async () => await (await fetch(`${gateway.url}/metrics`)).text(), { timeout: 10_000 })
    .toContain(`gateway_open{kind="subscribers"} ${count}`)
}

describe.each(['WebSocket', 'event stream'] as const)('a subscriber over %s', door => {
  const subscribe = (caller: Client, variables: Record<string, unknown>) =>
    door === 'WebSocket'
      ? overSocket(socketClient(caller), statusChanges, variables)
      : overEventStream(caller, statusChanges, variables)

  test('hears status changes as they commit', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    const heard = subscribe(caller, {})
    await subscribed(1)
    await turn(caller, id, 1)
    await heard.until(1)
    const begun = performance.now()
    await turn(caller, id, 1)
    const [first, second] = await heard.until(2)
    // A hint tells of it: the poll alone would take up to a second.
    expect(performance.now() - begun).toBeLessThan(500)
    expect(first).toMatchObject({ previousStatus: 'OPEN', status: 'CLOSED', conversation: { id } })
    expect(second).toMatchObject({ previousStatus: 'CLOSED', status: 'OPEN', conversation: { id } })
    heard.stop()
    await subscribed(0)
  })

  test('comes back with its last cursor and has each of 50 missed changes once, in order', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    const before = subscribe(caller, { after: await eventCursor(caller) })
    const early = await turn(caller, id, 3)
    expect(cursorsOf(await before.until(3))).toEqual(early)
    before.stop()
    await subscribed(0)

    const missed = await turn(caller, id, 50)
    const after = subscribe(caller, { after: early.at(-1) })
    await after.until(50)
    const late = await turn(caller, id, 2)
    expect(cursorsOf(await after.until(52))).toEqual([...missed, ...late])
    after.stop()
    await subscribed(0)
  })

  test('hears of one conversation when it names it', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const [one, other] = [await newConversation(caller), await newConversation(caller)]
    const heard = subscribe(caller, { conversationId: one.id, after: one.cursor })
    await turn(caller, other.id, 3)
    const cursors = await turn(caller, one.id, 2)
    expect(cursorsOf(await heard.until(2))).toEqual(cursors)
    heard.stop()
    await subscribed(0)
  })

  test.each([
    ['of another workspace', 'BAD_CURSOR', async () => eventCursor((await newWorkspace(gateway)).client)],
    ['beyond the log', 'BAD_CURSOR', async (own: string) => `${own.slice(0, -1)}v`],
    ['that is none', 'BAD_CURSOR', async () => 'nonsense'],
    [
      'whose events are deleted',
      'CURSOR_EXPIRED',
      async (own: string, workspaceId: string) => {
        await gateway.db
          .updateTable('workspace')
          .set({ event_floor: 3 })
          .where('id', '=', workspaceId)
          .execute()
        return `${own.slice(0, -1)}1`
      },
    ],
  ] as const)('is told that a cursor %s is %s', async (_, code, cursorOf) => {
    const { id: workspaceId, client: caller } = await newWorkspace(gateway)
    await newConversation(caller)
    const heard = subscribe(caller, { after: await cursorOf(await eventCursor(caller), workspaceId) })
    await heard.ended
    expect(heard.errors).toEqual([[expect.objectContaining({ extensions: { code, path: ['after'] } })]])
  })

  test('is told that an unknown conversation is NOT_FOUND', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const heard = subscribe(caller, { conversationId: 'thd_unknown' })
    await heard.ended
    expect(heard.errors[0]?.[0]?.extensions).toEqual({ code: 'NOT_FOUND', path: ['conversationId'] })
  })
})

test("the stock client's own retry resumes without loss when its socket is cut again and again", async () => {
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const sockets: WebSocket[] = []
  const stock = socketClient(caller, { retryAttempts: 100 })
  stock.on('connected', socket => sockets.push(socket as WebSocket))
  const heard = overSocket(stock, statusChanges, { after: await eventCursor(caller) })
  const cursors: string[] = []
  for (let round = 1; round <= 5; round++) {
    cursors.push(...(await turn(caller, id, 10)))
    await heard.until(round * 5)
    sockets.at(-1)?.terminate()
  }
  expect(cursorsOf(await heard.until(50))).toEqual(cursors)
  expect(sockets.length).toBeGreaterThan(3)
  await stock.dispose()
  await subscribed(0)
})

describe('the documented client', () => {
  const query =
    'subscription ($after: EventCursor) { conversationStatusChanged(after: $after) { cursor status } }'

  test('tries again when its snapshot fails', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id, cursor } = await newConversation(caller)
    const [changed] = await turn(caller, id, 1)
    const failure = new Error('away')
    const results = [Promise.reject(failure), Promise.resolve(cursor)]
    const told: unknown[] = []
    const stock = socketClient(caller)
    const stop = resume({
      client: stock,
      subscription: { query },
      snapshot: () => results.shift() ?? Promise.reject(new Error('once too often')),
      onEvent: event => told.push(event.cursor),
      onError: error => told.push(error),
    })
    await expect.poll(() => told, { timeout: 5_000 }).toEqual([failure, changed])
    stop()
    await stock.dispose()
    await subscribed(0)
  })

  test('that is stopped while it waits for the database asks no more', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const errors = [{ extensions: { code: 'UNAVAILABLE' } }]
    const subscribe = vi.fn((_, sink: { next(result: object): void; complete(): void }) => {
      sink.next({ errors })
      sink.complete()
      return () => {}
    })
    const stop = resume({
      client: { subscribe } as never,
      subscription: { query },
      snapshot: async () => 'cursor',
      onEvent() {},
      onError() {},
    })
    await vi.advanceTimersByTimeAsync(700)
    expect(subscribe).toHaveBeenCalledTimes(2)
    stop()
    await vi.advanceTimersByTimeAsync(700)
    expect(subscribe).toHaveBeenCalledTimes(2)
  })
})

test('each event shows what the graph holds then, not what an earlier event loaded', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const heard = overSocket<{ conversation: { status: string } }>(
    socketClient(caller),
    'subscription { conversationStatusChanged { conversation { status } } }',
  )
  await subscribed(1)
  await turn(caller, id, 1)
  await heard.until(1)
  await turn(caller, id, 1)
  expect((await heard.until(2)).map(event => event.conversation.status)).toEqual(['CLOSED', 'OPEN'])
  heard.stop()
  await subscribed(0)
})

test('a subscriber never hears of another workspace', async () => {
  const [mine, other] = [(await newWorkspace(gateway)).client, (await newWorkspace(gateway)).client]
  const [own, foreign] = [await newConversation(mine), await newConversation(other)]
  const heard = overSocket(socketClient(mine), statusChanges, { after: own.cursor })
  await turn(other, foreign.id, 5)
  const cursors = await turn(mine, own.id, 1)
  expect(cursorsOf(await heard.until(1))).toEqual(cursors)
  heard.stop()
  await subscribed(0)
})

test('an event stream is for clients that read one, and a refused one leaves no subscriber', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const query = encodeURIComponent('subscription { conversationStatusChanged { cursor } }')
  const statusOf = async (accept: string) => {
    const headers = { accept, authorization: caller.authorization }
    const response = await fetch(`${gateway.url}/graphql?query=${query}`, { headers })
    await response.body?.cancel()
    return [response.status, response.headers.get('content-type')]
  }
  for (const accept of ['application/json', 'multipart/mixed'])
    expect((await statusOf(accept))[0], accept).toBe(406)
  for (const accept of ['*/*', 'text/*', 'application/json, text/event-stream'])
    expect(await statusOf(accept), accept).toEqual([200, 'text/event-stream'])
  await subscribed(0)
})

test('a question that is no subscription is answered as JSON wherever that is acceptable', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed'
  const headers = { accept, authorization: caller.authorization }
  const response = await fetch(`${gateway.url}/graphql?query={viewer{id}}`, { headers })
  expect(response.headers.get('content-type')).toMatch(/json/)
})

describe('a socket', () => {
  const closed = (socket: WebSocket) => new Promise<number>(resolve => socket.once('close', resolve))
  const open = (payload?: object) => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    socket.once('open', () => payload && socket.send(JSON.stringify({ type: 'connection_init', payload })))
    return socket
  }

  test('without a valid key is closed with 4401', async () => {
    expect(await closed(open({ authorization: 'Bearer nope' }))).toBe(4401)
    expect(await closed(open({}))).toBe(4401)
  })

  test('survives an operation that is wrong, with its other operations', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id, cursor } = await newConversation(caller)
    const stock = socketClient(caller)
    const heard = overSocket(stock, statusChanges, { after: cursor })
    for (const query of [
      '{',
      '{ nothing }',
      `{ ${'a '.repeat(2_000)} }`,
      `${'{ viewer '.repeat(3_000)}`,
      '',
    ]) {
      const wrong = overSocket(stock, query)
      const error = await wrong.ended
      expect(error).toEqual([expect.objectContaining({ extensions: { code: expect.any(String) } })])
    }
    await turn(caller, id, 1)
    await heard.until(1)
    await stock.dispose()
    await subscribed(0)
  })

  test('survives a query whose first look into the database fails', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id, cursor } = await newConversation(caller)
    const stock = socketClient(caller)
    const heard = overSocket(stock, statusChanges, { after: cursor })
    await subscribed(1)
    await sql`alter table workspace rename to away`.execute(gateway.db)
    const failing = overSocket(stock, '{ workspace { eventCursor } }')
    expect(await failing.ended).toBe(null)
    await sql`alter table away rename to workspace`.execute(gateway.db)
    expect(failing.errors).toEqual([
      [expect.objectContaining({ extensions: { code: 'INTERNAL', requestId: expect.any(String) } })],
    ])
    await turn(caller, id, 1)
    await heard.until(1)
    await stock.dispose()
    await subscribed(0)
  })

  test('answers queries and mutations too', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    const stock = socketClient(caller)
    const heard = overSocket<{ cursor: string }>(stock, setStatus, { id, status: 'ARCHIVED' })
    const [answer] = await heard.until(1)
    expect(answer).toEqual({ cursor: expect.any(String), userErrors: [] })
    await stock.dispose()
  })

  test('is closed with 4403 within 5 seconds when its key ends, and an event stream is cut', async () => {
    const { id: workspaceId } = await newWorkspace(gateway)
    const expiring = { scopes: ['read' as const], expiresAt: new Date(Date.now() + 1_500) }
    const { client: caller } = await newClient(gateway, workspaceId, expiring)
    const stream = overEventStream(caller, statusChanges)
    const headers = { accept: '*/*', authorization: caller.authorization }
    const any = await fetch(`${gateway.url}/graphql?query=subscription{conversationStatusChanged{cursor}}`, {
      headers,
    })
    const code = await closed(open({ authorization: caller.authorization }))
    const late = Date.now() - expiring.expiresAt.getTime()
    expect(code).toBe(4403)
    expect(late).toBeLessThan(5_000)
    expect(await stream.ended).toBeTruthy()
    await expect(any.text()).rejects.toThrow()
  })

  test('whose key is revoked is closed with 4403 within 5 seconds, and changes nothing in closing', async () => {
    const { id: workspaceId, client: owner } = await newWorkspace(gateway)
    const { id } = await newConversation(owner)
    const { id: keyId, client: caller } = await newClient(gateway, workspaceId)
    const acknowledged = async () => {
      const socket = open({ authorization: caller.authorization })
      await once(socket, 'message')
      return socket
    }
    const [deaf, hearing] = [await acknowledged(), await acknowledged()]
    // Reads nothing, so it does not answer the close.
    deaf.pause()
    await gateway.db.transaction().execute(writer => revokeKey(writer, workspaceId, keyId))
    const revoked = performance.now()
    expect(await closed(hearing)).toBe(4403)
    expect(performance.now() - revoked).toBeLessThan(5_000)
    const variables = { id, status: 'ARCHIVED' }
    deaf.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: setStatus, variables } }))
    deaf.resume()
    expect(await closed(deaf)).toBe(4403)
    await turn(owner, id, 2)
    const { data } = await owner.graphql<{ conversation: { events: { edges: object[] } } }>(
      'query ($id: ID!) { conversation(id: $id) { events(types: [CONVERSATION_STATUS_CHANGED]) { edges { cursor } } } }',
      { id },
    )
    expect(data.conversation.events.edges).toHaveLength(2)
  })

  test('that is turned away, or never asks anything, does not keep the gateway from closing', async () => {
    const other = await startGateway()
    const { hostname, port } = new URL(other.url)
    const silent = connect(Number(port), hostname)
    const turnedAway = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    turnedAway.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    const [answer] = await once(turnedAway, 'data')
    expect(String(answer)).toContain('404 Not Found')
    const begun = performance.now()
    await other.close()
    expect(performance.now() - begun).toBeLessThan(3_000)
    for (const socket of [silent, turnedAway]) socket.destroy()
  })
})
