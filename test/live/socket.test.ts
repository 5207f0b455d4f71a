import { sql } from 'kysely'
import { describe, expect } from 'vitest'
import { setStatus, turn } from '../support/conversations.ts'
import { type Client, newConversation } from '../support/gateway.ts'
import { bareSocket, closed, overSocket, socketClient, statusChanges } from '../support/live.ts'
import { subscribed, test } from '../support/live-fixtures.ts'

describe('a socket', () => {
  const openWith = (to: Client, payload: object) => {
    const socket = bareSocket(to)
    socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })))
    return socket
  }

  test('without a valid key is closed with 4401', async ({ acme }) => {
    expect(await closed(openWith(acme.client, { authorization: 'Bearer nope' }))).toBe(4401)
    expect(await closed(openWith(acme.client, {}))).toBe(4401)
  })

  test('survives an operation that is wrong, with its other operations', async ({ acme }) => {
    const { client: caller } = acme
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
  })

  test('survives a query whose first statement fails', async ({ gateway, acme }) => {
    const { client: caller } = acme
    const { id, cursor } = await newConversation(caller)
    const stock = socketClient(caller)
    const heard = overSocket(stock, statusChanges, { after: cursor })
    await subscribed(gateway, 1)
    await sql`alter table workspace rename to away`.execute(gateway.db)
    const failing = overSocket(stock, '{ workspace { eventCursor } }')
    const ended = await failing.ended
    await sql`alter table away rename to workspace`.execute(gateway.db)
    expect(ended).toBe(null)
    expect(failing.errors).toEqual([
      [expect.objectContaining({ extensions: { code: 'INTERNAL', requestId: expect.any(String) } })],
    ])
    await turn(caller, id, 1)
    await heard.until(1)
  })

  test('answers queries and mutations too', async ({ acme }) => {
    const { client: caller } = acme
    const { id } = await newConversation(caller)
    const stock = socketClient(caller)
    const heard = overSocket<{ cursor: string }>(stock, setStatus, { id, status: 'ARCHIVED' })
    const [answer] = await heard.until(1)
    expect(answer).toEqual({ cursor: expect.any(String), userErrors: [] })
  })
})
