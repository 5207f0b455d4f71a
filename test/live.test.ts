import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { deleteOldEvents } from '../src/domain/event-retention.ts'
import { openDatabase } from './support/databases.ts'
import {
  type Client,
  type Gateway,
  newClient,
  newConversation,
  newWorkspace,
  startGateway,
} from './support/gateway.ts'
import { overEventStream, overSocket, socketClient } from './support/live.ts'

let gateway: Gateway
const statements: string[] = []
beforeAll(async () => {
  gateway = await startGateway({
    onStatement: event => statements.push(event.query.sql),
    operationsPerSocket: 3,
    socketsPerKey: 20,
  })
})
afterAll(() => gateway.close())

type Told = { __typename: string; cursor: string; conversation: { id: string } }

const everything = `subscription ($after: EventCursor, $conversationId: ID, $contactId: ID, $types: [ConversationEventType!]) {
  conversationEvents(after: $after, conversationId: $conversationId, contactId: $contactId, types: $types) {
    __typename cursor conversation { id }
    ... on ConversationStatusChanged { previousStatus status }
    ... on ConversationAssigned { previousAssignedTo { id } assignedTo { id } }
    ... on MessageAdded { message { preview } }
    ... on MessageStatusChanged { message { id } previousMessageStatus messageStatus }
  }
}`

async function eventCursor(caller: Client): Promise<string> {
  const { data } = await caller.graphql<{ workspace: { eventCursor: string } }>(
    '{ workspace { eventCursor } }',
  )
  return data.workspace.eventCursor
}

const change = (caller: Client, id: string, status: string, agentId: string | null) =>
  caller.graphql(
    `mutation ($id: ID!, $status: ConversationStatus!, $agentId: ID) {
      setConversationStatus(input: { conversationId: $id, status: $status }) { cursor }
      assignConversation(input: { conversationId: $id, agentId: $agentId }) { cursor }
    }`,
    { id, status, agentId },
  )

type Message = { type: string; id?: string; payload?: unknown }

/** A bare socket that has shown its key. */
async function acknowledged({ socketUrl, authorization }: Client): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
  await once(socket, 'message')
  return socket
}

const gauge = async (kind: string) => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(new RegExp(`gateway_open{kind="${kind}"} (\\d+)`).exec(text)?.[1])
}

describe('conversationEvents', () => {
  test('tells every kind of event in the order of the log, and the timeline tells the same', async () => {
    const { client: caller, agentId } = await newWorkspace(gateway)
    const after = await eventCursor(caller)
    const { id, messageId } = await newConversation(caller)
    await change(caller, id, 'CLOSED', agentId)
    const heard = overSocket<Told>(socketClient(caller), everything, { after })
    const told = await heard.until(5)
    heard.stop()
    expect(told).toMatchObject([
      { __typename: 'ConversationCreated', conversation: { id } },
      { __typename: 'MessageAdded', message: { preview: 'Hello there' } },
      {
        __typename: 'MessageStatusChanged',
        message: { id: messageId },
        previousMessageStatus: 'QUEUED',
        messageStatus: 'SENT',
      },
      { __typename: 'ConversationStatusChanged', previousStatus: 'OPEN', status: 'CLOSED' },
      { __typename: 'ConversationAssigned', previousAssignedTo: null, assignedTo: { id: agentId } },
    ])
    expect(told.map(({ cursor }) => cursor)).toEqual(told.map(({ cursor }) => cursor).sort())

    const timeline = async (args: string) => {
      const query = `query ($id: ID!) { conversation(id: $id) { events${args} {
        edges { cursor node { __typename cursor } } pageInfo { hasNextPage hasPreviousPage } } } }`
      type Page = {
        edges: { cursor: string; node: { __typename: string; cursor: string } }[]
        pageInfo: object
      }
      const { data, errors } = await caller.graphql<{ conversation: { events: Page } }>(query, { id })
      if (errors) throw new Error(JSON.stringify(errors[0]?.extensions))
      return data.conversation.events
    }
    const all = await timeline('')
    expect(all.edges.map(({ node }) => node)).toEqual(
      told.map(({ __typename, cursor }) => ({ __typename, cursor })),
    )
    expect(all.edges.every(({ cursor, node }) => cursor === node.cursor)).toBe(true)
    const last = await timeline(`(last: 2, before: "${told[4]?.cursor}")`)
    expect(last.edges.map(({ cursor }) => cursor)).toEqual([told[2]?.cursor, told[3]?.cursor])
    expect(last.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: true })
    expect((await timeline('(types: [CONVERSATION_ASSIGNED])')).edges).toHaveLength(1)
    expect((await timeline('(types: [])')).edges).toHaveLength(0)
    await expect(timeline('(after: "nonsense")')).rejects.toThrow('BAD_CURSOR')
  })

  test.each(['socket', 'event stream'] as const)(
    'filters by conversation, contact and types, live and from the log, over %s',
    async door => {
      const { client: caller, agentId } = await newWorkspace(gateway)
      const after = await eventCursor(caller)
      const [one, other] = [
        await newConversation(caller, 'one@example.com'),
        await newConversation(caller, 'other@example.com'),
      ]
      const filters = [
        { conversationId: one.id },
        { contactId: other.contactId, types: ['CONVERSATION_STATUS_CHANGED', 'CONVERSATION_ASSIGNED'] },
        { types: ['MESSAGE_ADDED', 'MESSAGE_ADDED', 'CONVERSATION_ASSIGNED'] },
        { types: [] },
      ]
      const all = overSocket<Told>(socketClient(caller), everything, { after })
      const heard = filters.map(filter =>
        door === 'socket'
          ? overSocket<Told>(socketClient(caller), everything, { ...filter, after })
          : overEventStream<Told>(caller, everything, { ...filter, after }),
      )
      for (const { id } of [one, other, one])
        await change(caller, id, id === one.id ? 'CLOSED' : 'ARCHIVED', agentId)
      await change(caller, one.id, 'OPEN', null)
      const log = await all.until(12)
      const of = (wanted: (event: Told) => boolean) => log.filter(wanted)
      const isAssigned = ({ __typename }: Told) => __typename === 'ConversationAssigned'
      const isStatus = ({ __typename }: Told) => __typename === 'ConversationStatusChanged'
      const expected = [
        of(({ conversation }) => conversation.id === one.id),
        of(event => event.conversation.id === other.id && (isAssigned(event) || isStatus(event))),
        of(event => isAssigned(event) || event.__typename === 'MessageAdded'),
        [],
      ]
      for (const [index, events] of expected.entries())
        expect(await heard[index]?.until(events.length)).toEqual(events)
      for (const each of [all, ...heard]) each.stop()
    },
  )
})

describe('subscribers who ask the same', () => {
  test('share one execution, though each came with its own after, as a variable or in the text', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id, cursor } = await newConversation(caller)
    const from = await eventCursor(caller)
    const text = (after: string) =>
      `subscription { conversationEvents(after: "${after}") { __typename cursor conversation { id contact { name } } } }`
    const variable =
      'subscription ($a: EventCursor) { conversationEvents(after: $a) { __typename cursor conversation { id contact { name } } } }'
    const inText = [from, from].map(after => overSocket<Told>(socketClient(caller), text(after)))
    const byVariable = Array.from({ length: 10 }, () =>
      overSocket<Told>(socketClient(caller), variable, { a: from }),
    )
    const streams = [
      overEventStream<Told>(caller, variable, { a: from }),
      overEventStream<Told>(caller, variable, { a: cursor }),
    ]
    await expect.poll(() => gauge('subscribers')).toBe(14)
    statements.length = 0
    await change(caller, id, 'CLOSED', null)
    for (const heard of [...inText, ...byVariable]) expect(await heard.until(1)).toHaveLength(1)
    await streams[0]?.until(1)
    const contacts = statements.filter(statement => /from "contact"/.test(statement))
    // One for those who wrote `after` into the text, one for those who gave it as a variable.
    expect(contacts).toHaveLength(2)
    for (const heard of [...inText, ...byVariable, ...streams]) heard.stop()
    await expect.poll(() => gauge('subscribers')).toBe(0)
  })

  test('get no answer of a question with other variables', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const [one, other] = [await newConversation(caller), await newConversation(caller)]
    const after = await eventCursor(caller)
    const ask = ({ id }: { id: string }) =>
      overSocket<Told>(socketClient(caller), everything, { conversationId: id, after })
    const [mine, theirs] = [ask(one), ask(other)]
    await change(caller, one.id, 'CLOSED', null)
    await change(caller, other.id, 'CLOSED', null)
    expect((await mine.until(1)).map(({ conversation }) => conversation.id)).toEqual([one.id])
    expect((await theirs.until(1)).map(({ conversation }) => conversation.id)).toEqual([other.id])
    mine.stop()
    theirs.stop()
  })
})

test('two events in one read each show what the graph holds when they are told', async () => {
  const { id: workspaceId, client: caller, agentId } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const after = await eventCursor(caller)
  await change(caller, id, 'CLOSED', null)
  await change(caller, id, 'OPEN', null)
  const query = `subscription ($after: EventCursor) { conversationStatusChanged(after: $after) {
    cursor status conversation { status assignedTo { name } contact { name } }
  } }`
  type Shown = { status: string; cursor: string; conversation: object }
  const heard = overSocket<Shown>(socketClient(caller), query, { after })
  const shown = ({ status, conversation }: Shown) => [status, conversation]
  const first = { status: 'OPEN', assignedTo: null, contact: { name: null } }
  expect((await heard.until(2)).map(shown)).toEqual([
    ['CLOSED', first],
    ['OPEN', first],
  ])

  // The subscription is told of none of these, but the next event shows them all.
  await gateway.db
    .updateTable('contact')
    .set({ name: 'Jane' })
    .where('workspace_id', '=', workspaceId)
    .execute()
  await change(caller, id, 'OPEN', agentId)
  await change(caller, id, 'ARCHIVED', agentId)
  await change(caller, id, 'CLOSED', agentId)
  const later = (await heard.until(4)).slice(2)
  expect(later.map(({ status }) => status)).toEqual(['ARCHIVED', 'CLOSED'])
  for (const { conversation } of later)
    expect(conversation).toMatchObject({ assignedTo: { name: 'Ada' }, contact: { name: 'Jane' } })
  expect(later[1]?.conversation).toMatchObject({ status: 'CLOSED' })
  heard.stop()
})

describe('conversationCountsChanged', () => {
  test.each(['socket', 'event stream'] as const)(
    'tells the counts at once, then the newest, at most 4 a second, over %s',
    async door => {
      const { client: caller, agentId } = await newWorkspace(gateway)
      const conversations = await Promise.all(Array.from({ length: 10 }, () => newConversation(caller)))
      const query = 'subscription { conversationCountsChanged { open closed unassigned } }'
      const heard =
        door === 'socket'
          ? overSocket<object>(socketClient(caller), query)
          : overEventStream<object>(caller, query)
      expect(await heard.until(1)).toEqual([{ open: 10, closed: 0, unassigned: 10 }])
      const begun = performance.now()
      for (const { id } of conversations) await change(caller, id, 'CLOSED', agentId)
      await expect
        .poll(() => heard.events.at(-1), { timeout: 5_000 })
        .toEqual({ open: 0, closed: 10, unassigned: 0 })
      expect(heard.events.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 250)
      heard.stop()
      await expect.poll(() => gauge('feeds')).toBe(0)
    },
  )
})

test('changes that leave the counts as they are cost few reads, however many watch', async () => {
  const { client: caller, agentId } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  const query = 'subscription { conversationCountsChanged { open closed } }'
  const watching = Array.from({ length: 5 }, () => overSocket<object>(socketClient(caller), query))
  for (const heard of watching) await heard.until(1)
  statements.length = 0
  const begun = performance.now()
  for (let round = 0; round < 40; round++) await change(caller, id, 'CLOSED', round % 2 ? null : agentId)
  await change(caller, id, 'ARCHIVED', null)
  for (const heard of watching)
    expect(await heard.until(2)).toEqual([
      { open: 0, closed: 1 },
      { open: 0, closed: 0 },
    ])
  const reads = statements.filter(statement => /^select.*"open_count"/.test(statement))
  expect(reads.length).toBeGreaterThan(0)
  expect(reads.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 250)
  for (const heard of watching) heard.stop()
  await expect.poll(() => gauge('feeds')).toBe(0)
})

test('a change in a workspace that nobody watches costs no query beyond the write', async () => {
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  await expect.poll(() => gauge('feeds')).toBe(0)
  statements.length = 0
  await caller.graphql(
    'mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: CLOSED }) { cursor } }',
    { id },
  )
  // What the gateway does by itself meanwhile: it looks for due mail, for keys that have ended and for old requests.
  const own = statements.filter(statement => !/skip locked|"api_key"|delete from "request"/.test(statement))
  // The sweep for due mail, once a second, has a transaction of its own.
  const sweeps = statements.filter(statement => /skip locked/.test(statement)).length
  expect(own.filter(statement => statement !== 'begin' && statement !== 'commit')).toEqual([
    expect.stringMatching(/^with "locked"/),
    expect.stringMatching(/^update "conversation"/),
    expect.stringMatching(/update workspace set event_seq/),
  ])
  expect(own.filter(statement => statement === 'begin')).toHaveLength(1 + sweeps)
})

test('events past their time are deleted, and whoever stood before them is told', async () => {
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const old = await eventCursor(caller)
  const { id } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  const events = gateway.db.updateTable('event').where('workspace_id', '=', workspaceId)
  await events
    .set({ created_at: new Date(Date.now() - 40 * 86_400_000) })
    .where('seq', '<=', 3)
    .execute()
  const remove = () => gateway.db.transaction().execute(writer => deleteOldEvents(writer, workspaceId, 30))
  expect([await remove(), await remove()]).toEqual([3, 0])
  const expired = overSocket<Told>(socketClient(caller), everything, { after: old })
  await expired.ended
  expect(expired.errors[0]?.[0]?.extensions).toMatchObject({ code: 'CURSOR_EXPIRED' })
  const kept = overSocket<Told>(socketClient(caller), everything, { after: `${old.slice(0, -1)}3` })
  expect((await kept.until(1)).map(({ __typename }) => __typename)).toEqual(['ConversationStatusChanged'])
  kept.stop()
})

test('a gateway that keeps events for some days deletes the older ones by itself', async () => {
  const connection = await openDatabase()
  const before = await startGateway({ connection })
  const { id: workspaceId, client: caller } = await newWorkspace(before)
  const { id } = await newConversation(caller)
  await change(caller, id, 'CLOSED', null)
  await before.app.close()
  const events = connection.db.selectFrom('event').select('seq').where('workspace_id', '=', workspaceId)
  const all = await events.orderBy('seq').execute()
  await connection.db
    .updateTable('event')
    .set({ created_at: new Date(Date.now() - 40 * 86_400_000) })
    .where('seq', '<=', 3)
    .execute()
  const keeping = await startGateway({ connection, eventRetentionDays: 30 })
  await expect.poll(() => events.orderBy('seq').execute()).toEqual(all.slice(3))
  expect(all.length).toBeGreaterThan(3)
  await keeping.close()
})

describe('a quiet stream', () => {
  test('tells every 10 seconds how far it has come, over both doors, also when its filter lets nothing through', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id } = await newConversation(caller)
    const after = await eventCursor(caller)
    const query =
      'subscription ($after: EventCursor) { conversationEvents(types: [MESSAGE_ADDED], after: $after) { cursor } }'
    const socket = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
    const pinged = new Promise<string>(resolve => {
      socket.on('open', () =>
        socket.send(
          JSON.stringify({ type: 'connection_init', payload: { authorization: caller.authorization } }),
        ),
      )
      socket.on('message', text => {
        const message = JSON.parse(String(text))
        if (message.type === 'connection_ack')
          socket.send(
            JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { after } } }),
          )
        if (message.type === 'ping' && message.payload?.cursor > after) resolve(message.payload.cursor)
      })
    })
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        authorization: caller.authorization,
      },
      body: JSON.stringify({ query, variables: { after } }),
    })
    await change(caller, id, 'CLOSED', null)
    const now = await eventCursor(caller)
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      if (text.includes(`id: ${now}\n\n`)) break
    }
    expect(text).toBe(`:\n\nid: ${now}\n\n`)
    expect(await pinged).toBe(now)
    socket.terminate()
  })

  test('resumes from Last-Event-ID, which wins over after', async () => {
    const { client: caller } = await newWorkspace(gateway)
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
})

describe('a socket', () => {
  test('has at most so many operations at once', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const stock = socketClient(caller)
    const subscriptions = Array.from({ length: 3 }, () => overSocket(stock, everything))
    await expect.poll(() => gauge('subscribers')).toBe(3)
    const refused = await overSocket(stock, '{ viewer { id } }').ended
    expect(refused).toEqual([expect.objectContaining({ extensions: { code: 'LIMIT_EXCEEDED' } })])
    for (const each of subscriptions) each.stop()
    await stock.dispose()
  })

  test('leaves nobody behind who subscribed and left with one id again and again', async () => {
    const { client: caller } = await newWorkspace(gateway)
    const { id: conversationId } = await newConversation(caller)
    const others = await gauge('sockets')
    const socket = await acknowledged(caller)
    const told: Message[] = []
    socket.on('message', text => told.push(JSON.parse(String(text))))
    const say = (message: object) => socket.send(JSON.stringify(message))
    for (let round = 0; round < 300; round++) {
      say({ id: '1', type: 'subscribe', payload: { query: everything, variables: { conversationId } } })
      say({ id: '1', type: 'complete' })
    }
    const subscribe = (id: string) => say({ id, type: 'subscribe', payload: { query: everything } })
    // The last one stays, while the first is still being opened.
    subscribe('1')
    say({ id: '2', type: 'subscribe', payload: { query: '{ viewer { id } }', operationName: 'Nameless' } })
    for (const id of ['1', '2'])
      await expect
        .poll(() => told.find(message => message.id === id))
        .toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INVALID_INPUT' } }] })
    // None of these counts any more, so a socket has room for as many as ever.
    for (let id = 3; (await gauge('subscribers')) < 3; id++) subscribe(String(id))
    say({ id: '3', type: 'complete' })
    subscribe('again')
    socket.terminate()
    await expect.poll(() => gauge('sockets')).toBe(others)
    await expect.poll(() => gauge('subscribers')).toBe(0)
    await expect.poll(() => gauge('feeds')).toBe(0)
  })

  test('more than a key may have is closed with 1013, and has a place when another one has gone', async () => {
    const { id: workspaceId, client: caller } = await newWorkspace(gateway)
    const others = await gauge('sockets')
    const sockets = await Promise.all(Array.from({ length: 20 }, () => acknowledged(caller)))
    const { client: sibling } = await newClient(gateway, workspaceId)
    sockets.push(await acknowledged(sibling))
    const refused = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
    await once(refused, 'open')
    const init = { type: 'connection_init', payload: { authorization: caller.authorization } }
    refused.send(JSON.stringify(init))
    expect((await once(refused, 'close'))[0]).toBe(1013)
    sockets.pop()?.terminate()
    sockets.pop()?.terminate()
    await expect.poll(() => gauge('sockets')).toBe(others + 19)
    sockets.push(await acknowledged(caller))
    expect(sockets.at(-1)?.readyState).toBe(WebSocket.OPEN)
    for (const socket of sockets) socket.terminate()
    await expect.poll(() => gauge('sockets')).toBe(others)
  })

  test('that says nothing, or too much, is closed alone', async () => {
    const closed = (socket: WebSocket) => new Promise<number>(resolve => socket.once('close', resolve))
    const { client: caller } = await newWorkspace(gateway)
    const { id, cursor: after } = await newConversation(caller)
    const heard = overSocket<Told>(socketClient(caller), everything, { after })
    const silent = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
    const loud = new WebSocket(caller.socketUrl, 'graphql-transport-ws')
    loud.on('open', () => loud.send('x'.repeat(1_100_000)))
    expect(await closed(loud)).toBe(1009)
    expect(await closed(silent)).toBe(4408)
    await change(caller, id, 'CLOSED', null)
    expect((await heard.until(2)).length).toBeGreaterThan(0)
    heard.stop()
  })
})
