import { describe, expect } from 'vitest'
import { revokeKey } from '../../src/domain/key/revoke.ts'
import { test } from '../support/fixtures.ts'
import { type Client, newClient } from '../support/gateway.ts'
import { mail } from '../support/inbound.ts'
import { rawConnection } from '../support/raw-http.ts'

/** Sends a request but for the last byte of its body. What it returns sends that, and resolves to all that comes back. */
function withheld({ url, authorization }: Client, path: string, type: string, body: string) {
  const socket = rawConnection(url)
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk
  })
  const headers = [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    'Connection: close',
    `Authorization: ${authorization}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.write(`${headers.join('\r\n')}\r\n\r\n${body.slice(0, -1)}`)
  socket.once('end', () => socket.end())
  return async () => {
    socket.write(body.slice(-1))
    await socket.gone
    return answer
  }
}

describe('a key that ends while the body of its request is still on its way', () => {
  test('reads nothing and adds no mail', async ({ gateway, acme }) => {
    const { id, client } = await newClient(gateway, acme.id)
    const question = withheld(client, '/graphql', 'application/json', '{"query":"{ workspace { name } }"}')
    const path = `/v1/workspaces/${acme.id}/support/inbox`
    const letter = withheld(client, `${path}/inbound-emails`, 'message/rfc822', mail({}))
    await client.graphql('{ workspace { name } }')
    await gateway.db.transaction().execute(writer => revokeKey(writer, acme.id, id))
    await expect.poll(async () => (await client.rest('GET', `${path}/conversations`)).status).toBe(401)
    expect(await question()).toMatch(/^HTTP\/1.1 401 /)
    expect(await letter()).toMatch(/^HTTP\/1.1 401 /)
    const { data } = await acme.client.graphql<{ conversations: { totalCount: number } }>(
      '{ conversations(first: 1) { totalCount } }',
    )
    expect(data.conversations.totalCount).toBe(0)
  })
})
