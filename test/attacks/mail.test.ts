import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import {
  type Attack,
  test as base,
  each,
  isAnswered,
  outcomeOf,
  type Row,
  requireUnharmed,
  send,
  type Target,
} from '../support/attack.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { handIn, mail, shown } from '../support/inbound.ts'
import { rowsOf } from '../support/rows.ts'

const test = startedWith(base, { mailReplyDomain: 'reply.example.com' })

const hand =
  (raw: BodyInit, headers: Record<string, string> = {}): Attack =>
  target =>
    send(target, `/v1/workspaces/${target.acme.id}/support/inbox/inbound-emails`, {
      method: 'POST',
      headers: { 'content-type': 'message/rfc822', ...headers },
      body: raw,
    })

const html = (text: string) => hand(mail({ 'Content-Type': 'text/html' }, text))

const nested = (levels: number) =>
  Array.from(
    { length: levels },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
  ).join('')

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\r\n')

const shapes: Row[] = [
  ['with 10,000 multiparts in each other', '400', hand(`From: a@example.com\r\n${nested(10_000)}`)],
  [
    'with 100,000 parts',
    '400',
    hand(mail({ 'Content-Type': 'multipart/mixed; boundary=b' }, '--b\r\n\r\nx\r\n'.repeat(100_000))),
  ],
  [
    'with 200,000 headers',
    '400',
    hand(mail({}).replace('\r\n\r\n', `\r\n${lines(200_000, i => `X-${i}: a`)}\r\n\r\n`)),
  ],
  ['with a header of 2 MB', '400', hand(mail({ 'X-Long': 'a'.repeat(2_000_000) }))],
  ['with a subject of 120 kB', '201', hand(mail({ Subject: 'a'.repeat(120_000) }))],
  ['with a subject of 250 kB', '400', hand(mail({ Subject: 'a'.repeat(250_000) }))],
  ['to 6,000 people', '201', hand(mail({ To: each(6_000, i => `p${i}@example.com,`) }))],
  ['to 12,000 people', '400', hand(mail({ To: each(12_000, i => `p${i}@example.com,`) }))],
  ['with 6,000 references', '201', hand(mail({ References: each(6_000, i => `<${i}@example.com>`) }))],
  ['with 12,000 references', '400', hand(mail({ References: each(12_000, i => `<${i}@example.com>`) }))],
  ['with 50,000 open comments in its sender', '400', hand(mail({ From: '('.repeat(50_000) }))],
  ['with 3,000 encoded words', '201', hand(mail({ Subject: each(3_000, () => '=?utf-8?Q?=00=0D=0A?=') }))],
  [
    'with 5,000 parts of a parameter',
    '201',
    hand(mail({ 'Content-Type': `text/plain; ${each(5_000, i => `name*${i}*=%00;`)}` })),
  ],
  [
    'with an unknown coding',
    '201',
    hand(mail({ 'Content-Transfer-Encoding': 'x-bomb', 'Content-Type': 'text/plain; charset=none' })),
  ],
  ['that is no mail', '400', hand(new Uint8Array(Buffer.alloc(100_000, 0xff)))],
  ['that is empty', '400', hand('')],
  ['of NUL only', '400', hand('\0'.repeat(10_000))],
  ['without an end to its headers', '400', hand('From a\r\n'.repeat(10_000))],
  ['of JSON', '415', hand('{}', { 'content-type': 'application/json' })],
  ['as a form', '415', hand('a=b', { 'content-type': 'application/x-www-form-urlencoded' })],
  [
    'with an idempotency key of 5,000 characters',
    '400',
    hand(mail({}), { 'idempotency-key': 'k'.repeat(5_000) }),
  ],
  ['in HTML of 5,000 divisions in each other', '201', html('<div>'.repeat(5_000))],
  ['in HTML of 20,000 quotations', '201', html('<blockquote>'.repeat(20_000))],
  ['in HTML of 100,000 entities', '201', html('&amp;&#x0;&notanentity;'.repeat(30_000))],
  ['in HTML of 100,000 open tags', '201', html('<a href="'.repeat(100_000))],
  ['in HTML with scripts', '201', html('<script>alert(1)</script><img src=x onerror=alert(1)>')],
  [
    'of 100,000 quotation marks',
    '201',
    hand(mail({ 'In-Reply-To': '<a@example.com>' }, '>'.repeat(100_000))),
  ],
]

describe('a mail', () => {
  test.for(shapes)('%s: %s', isAnswered)

  test('of 26 MB is refused', async ({ target }) => {
    const large = new Uint8Array(26 * 1024 * 1024)
    // What is sent takes its time.
    expect(await outcomeOf(target, hand(large), 5_000)).toBe('413')
  })

  test('to the address of another workspace adds nothing there', async ({ target }) => {
    const { gateway } = target
    const other = await newWorkspace(gateway)
    const { id, messageId } = await newConversation(other.client)
    const before = await rowsOf(gateway.db, other.id)
    for (const To of [
      `reply+${id}@reply.example.com`,
      `bounce+${messageId}+${'0'.repeat(24)}@reply.example.com`,
    ])
      expect(await outcomeOf(target, hand(mail({ To, 'In-Reply-To': `<${messageId}@gateway.test>` })))).toBe(
        '201',
      )
    expect(await rowsOf(gateway.db, other.id)).toEqual(before)
  })

  test.for([
    ['without a proof', (id: string) => `bounce+${id}@reply.example.com`],
    ['with a wrong proof', (id: string) => `bounce+${id}+${'0'.repeat(24)}@reply.example.com`],
    ['with a long proof', (id: string) => `bounce+${id}+${'0'.repeat(5_000)}@reply.example.com`],
  ] as const)('that forges a report %s fails no message', async ([, address], { target }) => {
    const { id, messageId } = await newConversation(target.acme.client)
    const type = 'multipart/report; report-type=delivery-status; boundary=b'
    const body =
      '--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n'
    const forged = mail({ To: address(messageId), 'Content-Type': type }, body)
    expect(await outcomeOf(target, hand(forged))).toBe('201')
    const { messages } = await shown(target.acme.client, id)
    expect(messages.edges[0]?.node.status).not.toBe('FAILED')
  })

  test('that answers itself 20 times sends none of ours', async ({ target }) => {
    const { client } = target.acme
    const { id } = await newConversation(client)
    const sent = () => readdirSync(target.gateway.mailDirectory).length
    await expect.poll(async () => (await shown(client, id)).messages.edges[0]?.node.status).toBe('SENT')
    const before = sent()
    const loop = async (target: Target) => {
      const outcomes = new Set<string>()
      for (let index = 0; index < 20; index++) {
        const headers = { To: `reply+${id}@reply.example.com`, 'Auto-Submitted': 'auto-replied' }
        outcomes.add((await hand(mail({ ...headers, Subject: `Away ${index}` }))(target)).outcome)
      }
      return { outcome: [...outcomes].join(), text: '' }
    }
    // Twenty mails may take twenty times as long as one.
    expect(await outcomeOf(target, loop, 20_000)).toBe('201')
    expect(sent()).toBe(before)
  })

  test('whose attachment names a path writes no file', async ({ target }) => {
    const { mailDirectory } = target.gateway
    const type = 'application/zip; name="../../../../etc/passwd.zip"'
    const { body, status } = await handIn(
      target.acme.client,
      target.acme.id,
      mail({ 'Content-Type': type, 'Content-Transfer-Encoding': 'base64' }, 'UEsDBA=='),
    )
    expect(status).toBe(201)
    expect(body.message.contentPreview).toMatch(/^\[attachment: .*passwd\.zip, \d+ B\]$/)
    expect(readdirSync(join(mailDirectory, '..'))).toEqual(['mail'])
  })

  test('whose name and subject hide headers adds none to our reply', async ({ target }) => {
    const { client, id: workspaceId } = target.acme
    const hidden = '=?utf-8?Q?a=0D=0ABcc=3A_victim=40example.com=0D=0A=0D=0Abody?='
    const { body } = await handIn(
      client,
      workspaceId,
      mail({ Subject: hidden, From: `${hidden} <jane@example.com>` }),
    )
    const conversation = await shown(client, body.conversation.id)
    expect(conversation).toMatchObject({
      subject: 'a Bcc: victim@example.com body',
      contact: { name: 'a Bcc: victim@example.com body' },
    })
    const reply =
      'mutation ($id: ID!) { replyToConversation(input: { conversationId: $id, contentText: "Hi" }) { message { id status } } }'
    const { data } = await client.graphql<{ replyToConversation: { message: { id: string } } }>(reply, {
      id: body.conversation.id,
    })
    const ours = readdirSync(target.gateway.mailDirectory)
      .map(file => readFileSync(join(target.gateway.mailDirectory, file), 'utf8'))
      .find(text => text.includes(data.replyToConversation.message.id))
    expect(ours).toMatch(/^Subject: /m)
    expect(ours).not.toMatch(/^Bcc:/im)
  })
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
