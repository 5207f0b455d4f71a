import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { type Client, newWorkspace, type Workspace } from '../../support/gateway.ts'
import { handIn, mail, test } from '../../support/inbound.ts'

const maxBytes = 25 * 1024 * 1024

/** Begins to hand a mail in, and sends nothing of it but its headers. */
function begin({ client, id }: Workspace, length: number | null): ClientRequest {
  const begun = request(`${client.url}/v1/workspaces/${id}/support/inbox/inbound-emails`, {
    method: 'POST',
    headers: {
      authorization: client.authorization,
      'content-type': 'message/rfc822',
      ...(length === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }),
    },
  })
  begun.on('error', () => {})
  begun.flushHeaders()
  return begun
}

/** Goes on beginning until it is let in, and then holds its place until it is let go. */
function hold(workspace: Workspace, length: number | null): { letGo(): void } {
  let begun = begin(workspace, length)
  const onRefusal = (response: IncomingMessage) => {
    response.resume()
    begun = begin(workspace, length).once('response', onRefusal)
  }
  begun.once('response', onRefusal)
  return { letGo: () => begun.destroy() }
}

const answerTo = (begun: ClientRequest) =>
  new Promise<IncomingMessage>((resolve, reject) => begun.once('response', resolve).once('error', reject))

const statusOf = async (client: Client, id: string) => (await handIn(client, id, mail({}))).status

test('beyond eight of the largest mails at once a mail is refused before it is read, until there is room', async ({
  gateway,
  acme,
}) => {
  const [second, third, other] = [
    await newWorkspace(gateway),
    await newWorkspace(gateway),
    await newWorkspace(gateway),
  ]
  const held = [acme, acme, acme, second, second, second, third, third].map((workspace, index) =>
    hold(workspace, index === 0 ? null : maxBytes),
  )
  await expect.poll(() => statusOf(other.client, other.id)).toBe(503)
  const refused = await answerTo(begin(other, maxBytes))
  expect(refused).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5', connection: 'close' } })
  expect(JSON.parse(await text(refused))).toMatchObject({ statusCode: 503, error: 'Service Unavailable' })
  for (const each of held) each.letGo()
  await expect.poll(() => statusOf(other.client, other.id)).toBe(201)
})

test('one workspace leaves room for another', async ({ gateway, acme }) => {
  const other = await newWorkspace(gateway)
  const held = [1, 2, 3].map(() => hold(acme, maxBytes))
  await expect.poll(() => statusOf(acme.client, acme.id)).toBe(503)
  expect(await statusOf(other.client, other.id)).toBe(201)
  for (const each of held) each.letGo()
  await expect.poll(() => statusOf(acme.client, acme.id)).toBe(201)
})

test('room is given back however a request ends', async ({ acme }) => {
  const { client, id } = acme
  const half = Buffer.alloc(maxBytes / 2)
  const status = async (type?: string) => (await handIn(client, id, half, type)).status
  for (let round = 0; round < 8; round++) {
    await expect.poll(() => status('application/json')).toBe(415)
    await expect.poll(() => status()).toBe(400)
    const broken = begin(acme, maxBytes)
    await new Promise<void>(resolve => broken.write(half, () => resolve()))
    broken.destroy()
  }
  const largest = mail({ 'Content-Type': 'application/zip', 'Content-Transfer-Encoding': 'base64' })
  const body = Buffer.concat([Buffer.from(largest), Buffer.alloc(maxBytes - largest.length, 'A')])
  await expect.poll(async () => (await handIn(client, id, body)).status).toBe(201)
})
