import { describe, expect } from 'vitest'
import { revokeKey } from '../../src/domain/key/revoke.ts'
import { setStatus, turn } from '../support/conversations.ts'
import { newClient, newConversation } from '../support/gateway.ts'
import { acknowledged, closed, overEventStream, statusChanges } from '../support/live.ts'
import { test } from '../support/live-fixtures.ts'

/** The promise: a key that has ended has no open socket after 5 seconds. */
const promisedMs = 5_000

describe('a socket', () => {
  test('is closed with 4403 within 5 seconds when its key ends, and an event stream is cut', async ({
    gateway,
    acme,
  }) => {
    const { id: workspaceId } = acme
    const { id: keyId, client: caller } = await newClient(gateway, workspaceId, { scopes: ['read'] })
    const stream = overEventStream(caller, statusChanges)
    const headers = { accept: '*/*', authorization: caller.authorization }
    const any = await fetch(`${gateway.url}/graphql?query=subscription{conversationStatusChanged{cursor}}`, {
      headers,
    })
    const socket = await acknowledged(caller)
    await gateway.db.updateTable('api_key').set({ expires_at: new Date() }).where('id', '=', keyId).execute()
    const expired = performance.now()
    expect(await closed(socket)).toBe(4403)
    expect(performance.now() - expired).toBeLessThan(promisedMs)
    expect(await stream.ended).toBeTruthy()
    await expect(any.text()).rejects.toThrow()
  })

  test('whose key is revoked is closed with 4403 within 5 seconds, and changes nothing in closing', async ({
    gateway,
    acme,
  }) => {
    const { id: workspaceId, client: owner } = acme
    const { id } = await newConversation(owner)
    const { id: keyId, client: caller } = await newClient(gateway, workspaceId)
    const [deaf, hearing] = [await acknowledged(caller), await acknowledged(caller)]
    // Reads nothing, so it does not answer the close.
    deaf.pause()
    await gateway.db.transaction().execute(writer => revokeKey(writer, workspaceId, keyId))
    const revoked = performance.now()
    expect(await closed(hearing)).toBe(4403)
    expect(performance.now() - revoked).toBeLessThan(promisedMs)
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
})
