import { describe, expect } from 'vitest'
import { change, eventCursor } from '../support/conversations.ts'
import { newConversation } from '../support/gateway.ts'
import { bareSocket } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

describe('a quiet stream', () => {
  test('sends its cursor every 10 seconds over both transports, also when its filter matches no event', async ({
    gateway,
    acme,
  }) => {
    const { client: caller } = acme
    const { id } = await newConversation(caller)
    const after = await eventCursor(caller)
    const query =
      'subscription ($after: EventCursor) { conversationEvents(types: [MESSAGE_ADDED], after: $after) { cursor } }'
    const socket = bareSocket(caller)
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
  })
})
