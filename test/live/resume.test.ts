import { describe, expect } from 'vitest'
import type WebSocket from 'ws'
import { resume } from '../../examples/resume.ts'
import { change, eventCursor, turn } from '../support/conversations.ts'
import {
  type Client,
  type Gateway,
  newConversation,
  newWorkspace,
  type Workspace,
} from '../support/gateway.ts'
import {
  overEventStream,
  overSocket,
  type StatusEvent,
  socketClient,
  statusChanges,
} from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'

const cursorsOf = (events: StatusEvent[]) => events.map(event => event.cursor)

type Own = { gateway: Gateway; acme: Workspace }

describe.each(['WebSocket', 'event stream'] as const)('a subscriber over %s', transport => {
  const subscribe = (caller: Client, variables: Record<string, unknown>) =>
    transport === 'WebSocket'
      ? overSocket(socketClient(caller), statusChanges, variables)
      : overEventStream(caller, statusChanges, variables)

  test('hears status changes as they commit', async ({ gateway, acme }) => {
    const { client: caller } = acme
    const { id } = await newConversation(caller)
    const heard = subscribe(caller, {})
    await subscribed(gateway, 1)
    await turn(caller, id, 1)
    await heard.until(1)
    const delays: number[] = []
    for (let events = 2; events <= 8; events++) {
      const begun = performance.now()
      await turn(caller, id, 1)
      await heard.until(events)
      delays.push(performance.now() - begun)
    }
    // Each change follows the event before, and so a look at the log. The next look alone would come a second later.
    expect(Math.min(...delays)).toBeLessThan(500)
    const [first, second] = heard.events
    expect(first).toMatchObject({ previousStatus: 'OPEN', status: 'CLOSED', conversation: { id } })
    expect(second).toMatchObject({ previousStatus: 'CLOSED', status: 'OPEN', conversation: { id } })
  })

  test('resumes at its last cursor and has each of 50 missed changes once, in order', async ({
    gateway,
    acme,
  }) => {
    const { client: caller } = acme
    const { id } = await newConversation(caller)
    const before = subscribe(caller, { after: await eventCursor(caller) })
    const early = await turn(caller, id, 3)
    expect(cursorsOf(await before.until(3))).toEqual(early)
    before.stop()
    await subscribed(gateway, 0)

    const missed = await turn(caller, id, 50)
    const after = subscribe(caller, { after: early.at(-1) })
    await after.until(50)
    const late = await turn(caller, id, 2)
    expect(cursorsOf(await after.until(52))).toEqual([...missed, ...late])
  })

  test.for([
    [
      'of another workspace',
      'BAD_CURSOR',
      async (_own: string, { gateway }: Own) => eventCursor((await newWorkspace(gateway)).client),
    ],
    ['beyond the log', 'BAD_CURSOR', async (own: string) => `${own.slice(0, -1)}v`],
    ['that is malformed', 'BAD_CURSOR', async () => 'nonsense'],
    [
      'whose events are deleted',
      'CURSOR_EXPIRED',
      async (own: string, { gateway, acme }: Own) => {
        await gateway.db.updateTable('workspace').set({ event_floor: 3 }).where('id', '=', acme.id).execute()
        return `${own.slice(0, -1)}1`
      },
    ],
  ] as const)('with a cursor %s ends with %s', async ([_, code, cursorOf], { gateway, acme }) => {
    const { client: caller } = acme
    await newConversation(caller)
    const heard = subscribe(caller, { after: await cursorOf(await eventCursor(caller), { gateway, acme }) })
    await heard.ended
    expect(heard.errors).toEqual([[expect.objectContaining({ extensions: { code, path: ['after'] } })]])
  })

  test('of an unknown conversation ends with NOT_FOUND', async ({ acme }) => {
    const { client: caller } = acme
    const heard = subscribe(caller, { conversationId: 'thd_unknown' })
    await heard.ended
    expect(heard.errors[0]?.[0]?.extensions).toEqual({ code: 'NOT_FOUND', path: ['conversationId'] })
  })
})

test('resumes from Last-Event-ID, which wins over after', async ({ gateway, acme }) => {
  const { client: caller } = acme
  const { id, cursor: after } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  const last = await eventCursor(caller)
  await change(caller, id, 'OPEN', null)
  const query = 'subscription ($after: EventCursor) { conversationStatusChanged(after: $after) { status } }'
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'last-event-id': last,
      'content-type': 'application/json',
      authorization: caller.authorization,
    },
    body: JSON.stringify({ query, variables: { after } }),
  })
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    if (text.includes('event: next')) break
  }
  expect(text).toBe(
    `:\n\nid: ${await eventCursor(caller)}\nevent: next\ndata: {"data":{"conversationStatusChanged":{"status":"OPEN"}}}\n\n`,
  )
})

test("the stock client's own retry resumes without loss when its socket is cut again and again", async ({
  acme,
}) => {
  const { client: caller } = acme
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
})

describe('the documented client', () => {
  const query =
    'subscription ($after: EventCursor) { conversationStatusChanged(after: $after) { cursor status } }'

  test('tries again when its snapshot fails', async ({ acme }) => {
    const { client: caller } = acme
    const { id, cursor } = await newConversation(caller)
    const [changed] = await turn(caller, id, 1)
    const failure = new Error('away')
    const results = [Promise.reject(failure), Promise.resolve(cursor)]
    const received: unknown[] = []
    const stock = socketClient(caller)
    const stop = resume({
      client: stock,
      subscription: { query },
      snapshot: () => results.shift() ?? Promise.reject(new Error('The snapshot was taken once too often.')),
      onEvent: event => received.push(event.cursor),
      onError: error => received.push(error),
    })
    await expect.poll(() => received).toEqual([failure, changed])
    stop()
  })
})
