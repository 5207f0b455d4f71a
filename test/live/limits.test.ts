import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect } from 'vitest'
import WebSocket from 'ws'
import { change } from '../support/conversations.ts'
import { startedWith } from '../support/fixtures.ts'
import { newClient, newConversation } from '../support/gateway.ts'
import {
  acknowledged,
  bareSocket,
  closed,
  conversationEvents,
  type LiveEvent,
  overSocket,
  socketClient,
} from '../support/live.ts'
import { test as base, subscribed } from '../support/live-fixtures.ts'
import { openNow } from '../support/metrics.ts'

const test = startedWith(base, { limits: { maxOperationsPerSocket: 3, maxSocketsPerKey: 20 } })

type Message = { type: string; id?: string; payload?: unknown }

describe('a socket', () => {
  test('has at most as many operations at once as the settings allow', async ({ gateway, acme }) => {
    const { client: caller } = acme
    const stock = socketClient(caller)
    Array.from({ length: 3 }, () => overSocket(stock, conversationEvents))
    await subscribed(gateway, 3)
    const refused = await overSocket(stock, '{ viewer { id } }').ended
    expect(refused).toEqual([expect.objectContaining({ extensions: { code: 'LIMIT_EXCEEDED' } })])
  })

  test('leaves no subscriber behind when a client subscribes and leaves with one id again and again', async ({
    gateway,
    acme,
  }) => {
    const { client: caller } = acme
    const { id: conversationId } = await newConversation(caller)
    const socket = await acknowledged(caller)
    const received: Message[] = []
    socket.on('message', text => received.push(JSON.parse(String(text))))
    const send = (message: object) => socket.send(JSON.stringify(message))
    for (let round = 0; round < 300; round++) {
      send({
        id: '1',
        type: 'subscribe',
        payload: { query: conversationEvents, variables: { conversationId } },
      })
      send({ id: '1', type: 'complete' })
    }
    const subscribe = (id: string) => send({ id, type: 'subscribe', payload: { query: conversationEvents } })
    // The last one stays, while the first is still being opened.
    subscribe('1')
    send({ id: '2', type: 'subscribe', payload: { query: '{ viewer { id } }', operationName: 'Nameless' } })
    for (const id of ['1', '2'])
      await expect
        .poll(() => received.find(message => message.id === id))
        .toMatchObject({ type: 'error', payload: [{ extensions: { code: 'INVALID_INPUT' } }] })
    // None of these counts any more, so the socket has room for its full number.
    for (let id = 3; (await openNow(gateway)).subscribers < 3; id++) subscribe(String(id))
    send({ id: '3', type: 'complete' })
    subscribe('again')
    socket.terminate()
    await expect.poll(() => openNow(gateway)).toEqual({ sockets: 0, subscribers: 0, feeds: 0 })
  })

  test('gets the slot of an operation back whose name is empty', async ({ acme }) => {
    const socket = await acknowledged(acme.client)
    const received: Message[] = []
    socket.on('message', text => received.push(JSON.parse(String(text))))
    const query = '{ viewer { id } }'
    const send = (id: string, payload: object) =>
      socket.send(JSON.stringify({ id, type: 'subscribe', payload }))
    const typeOf = (id: string) => received.find(message => message.id === id)?.type
    send('first', { query })
    await expect.poll(() => typeOf('first')).toBe('next')
    for (let index = 0; index < 5; index++) {
      send(`empty ${index}`, { query, operationName: '' })
      await expect.poll(() => typeOf(`empty ${index}`)).toBe('error')
    }
    send('last', { query })
    await expect.poll(() => typeOf('last')).toBe('next')
  })

  test('gets the slot of a subscription back at once when it is completed', async ({ gateway, acme }) => {
    const socket = await acknowledged(acme.client)
    const received: Message[] = []
    socket.on('message', text => received.push(JSON.parse(String(text))))
    const subscribe = (id: string) => ({ id, type: 'subscribe', payload: { query: conversationEvents } })
    for (const id of ['1', '2', '3']) socket.send(JSON.stringify(subscribe(id)))
    await subscribed(gateway, 3)
    // Both messages arrive in one piece, so nothing can happen between them.
    const stream = (socket as unknown as { _socket: Socket })._socket
    stream.cork()
    socket.send(JSON.stringify({ id: '1', type: 'complete' }))
    socket.send(JSON.stringify(subscribe('4')))
    stream.uncork()
    await subscribed(gateway, 3)
    socket.send(JSON.stringify({ id: '2', type: 'complete' }))
    await subscribed(gateway, 2)
    expect(received.filter(({ type }) => type === 'error')).toEqual([])
  })

  test('beyond those of its key is closed with 1013, and is accepted once another has closed', async ({
    gateway,
    acme,
  }) => {
    const { id: workspaceId, client: caller } = acme
    const sockets = await Promise.all(Array.from({ length: 20 }, () => acknowledged(caller)))
    const { client: sibling } = await newClient(gateway, workspaceId)
    sockets.push(await acknowledged(sibling))
    const refused = bareSocket(caller)
    await once(refused, 'open')
    const init = { type: 'connection_init', payload: { authorization: caller.authorization } }
    refused.send(JSON.stringify(init))
    expect((await once(refused, 'close'))[0]).toBe(1013)
    sockets.pop()?.terminate()
    sockets.pop()?.terminate()
    await expect.poll(async () => (await openNow(gateway)).sockets).toBe(19)
    sockets.push(await acknowledged(caller))
    expect(sockets.at(-1)?.readyState).toBe(WebSocket.OPEN)
  })

  test('that sends nothing, or too much, is closed alone', async ({ acme }) => {
    const { client: caller } = acme
    const { id, cursor: after } = await newConversation(caller)
    const heard = overSocket<LiveEvent>(socketClient(caller), conversationEvents, { after })
    const silent = bareSocket(caller)
    const loud = bareSocket(caller)
    loud.on('open', () => loud.send('x'.repeat(1_100_000)))
    expect(await closed(loud)).toBe(1009)
    expect(await closed(silent)).toBe(4408)
    await change(caller, id, 'CLOSED', null)
    expect((await heard.until(2)).length).toBeGreaterThan(0)
  })
})
