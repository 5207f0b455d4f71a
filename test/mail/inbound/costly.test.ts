import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { zstdDecompressSync } from 'node:zlib'
import { expect } from 'vitest'
import { newConversation, newWorkspace, type Workspace } from '../../support/gateway.ts'
import { handIn, mail, shown, test, textsOf } from '../../support/inbound.ts'

const html = (body: string) => mail({ 'Content-Type': 'text/html; charset=utf-8' }, body)

/** So many lines that no thread has the memory for them. */
const unreadable = (headers: Record<string, string>, lines = 12_500_000) => mail(headers, 'a\n'.repeat(lines))

test('HTML that takes long to turn into text is cut, and the mail is taken', async ({ acme }) => {
  const { client: caller, id: workspaceId } = acme
  const table = await handIn(caller, workspaceId, html(`<table>${'<tr><td>a'.repeat(200_000)}`))
  expect(table.status).toBe(201)
  expect(textsOf(await shown(caller, table.body.conversation.id))[0]).toMatch(/^a+/)
  const nested = await handIn(caller, workspaceId, html(`Begin${'<div>'.repeat(50_000)}`))
  expect(nested.status).toBe(201)
  expect(textsOf(await shown(caller, nested.body.conversation.id))[0]).toMatch(/^Begin/)
  const paragraphs = await handIn(caller, workspaceId, html('<p>'.repeat(8_000_000)))
  expect(paragraphs.status).toBe(201)
})

test('long HTML ends with a mark where it was cut, and its embedded images do not count', async ({
  acme,
}) => {
  const { client: caller, id: workspaceId } = acme
  const textOf = async (body: string) => {
    const { conversation } = (await handIn(caller, workspaceId, html(body))).body
    return textsOf(await shown(caller, conversation.id))[0]
  }
  const spaces = ' '.repeat(400_000)
  expect(await textOf(`Begin${spaces}End`)).toBe('Begin\n[truncated]')
  const image = `<img alt="logo" src="data:image/png;base64,${'A'.repeat(400_000)}">`
  expect(await textOf(`Begin ${image} End`)).toMatch(/^Begin.*End$/)
})

test('a mail that takes too much time or memory becomes a message with its headers, once, and is kept', async ({
  gateway,
  acme,
}) => {
  const { client: caller, id: workspaceId } = acme
  const { id, messageId } = await newConversation(caller)
  const raw = unreadable({
    'In-Reply-To': `<${messageId}@gateway.test>`,
    'Message-ID': '<large@example.com>',
    'Auto-Submitted': 'auto-replied',
  })
  const first = await handIn(caller, workspaceId, raw)
  expect(first).toMatchObject({ status: 201, replayed: null, body: { conversation: { id } } })
  expect(await handIn(caller, workspaceId, raw)).toEqual({ ...first, replayed: 'true' })
  const conversation = await shown(caller, id)
  expect(textsOf(conversation)).toEqual(['Hello there', '[could not be read]'])
  expect(conversation).toMatchObject({ isUnread: false, contact: { name: 'Jane Doe' } })
  const kept = gateway.db.selectFrom('raw_mail').select('content').where('workspace_id', '=', workspaceId)
  const [ofFirst, ...others] = await kept.execute()
  expect(others).toEqual([])
  expect(zstdDecompressSync(ofFirst?.content ?? Buffer.alloc(0)).equals(Buffer.from(raw))).toBe(true)
})

/** Hands a mail in. Resolves when all of it has left; `status` resolves with that of the answer. */
async function sendOff({ client, id }: Workspace, raw: string): Promise<{ status: Promise<number> }> {
  const begun = request(`${client.url}/v1/workspaces/${id}/support/inbox/inbound-emails`, {
    method: 'POST',
    headers: { authorization: client.authorization, 'content-type': 'message/rfc822' },
  })
  const answered = once(begun, 'response') as Promise<[IncomingMessage]>
  await new Promise<void>(resolve => begun.end(raw, resolve))
  return { status: answered.then(([response]) => response.resume().statusCode ?? 0) }
}

test("one workspace's mails that take long do not keep another's waiting for all of them", async ({
  gateway,
  acme,
}) => {
  const other = await newWorkspace(gateway)
  const order: string[] = []
  // The other's mail must not overtake them on the way.
  const sent = await Promise.all(
    [1, 2, 3, 4].map(number =>
      sendOff(acme, unreadable({ 'Message-ID': `<${number}@example.com>` }, 9_000_000)),
    ),
  )
  const costly = sent.map(async ({ status }, index) => {
    expect(await status).toBe(201)
    order.push(`costly ${index + 1}`)
  })
  expect((await handIn(other.client, other.id, mail({}))).status).toBe(201)
  order.push('other')
  await Promise.all(costly)
  expect(order).toHaveLength(5)
  expect(order.indexOf('other')).toBeLessThanOrEqual(2)
})
