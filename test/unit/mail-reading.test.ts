import { basename } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMailParser, type MailParser } from '../../src/mail/inbound/parser-pool.ts'
import { expectations, rawSample, samples } from '../support/mail-samples.ts'

let parser: MailParser
beforeAll(() => {
  parser = createMailParser()
})
afterAll(() => parser.close())

/** The parser takes its bytes away, so it gets a copy. */
const parse = (raw: Buffer) => parser.parse('wrk_acme', Buffer.from(raw))

type Expected = {
  from: { address: string; name: string | null } | null
  subject: string | null
  text?: string
  attachments?: string[]
  automatic: boolean
  bounce: { mailId: string; reason: string } | null
  messageId: string | null
  references: string[]
}

const expected = expectations() as Record<string, Expected>
const mails = samples.map(name => ({ name: basename(name, '.eml'), raw: withCrLf(rawSample(name)) }))

/** Mail travels with CRLF line ends; the files are kept with LF where they are not about that. */
function withCrLf(raw: Buffer): Buffer {
  const text = raw.toString('latin1')
  return Buffer.from(text.includes('\r') ? text : text.replaceAll('\n', '\r\n'), 'latin1')
}

test('every mail has an expectation', () => {
  expect(mails.length).toBeGreaterThanOrEqual(30)
  expect(mails.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort())
})

test.each(mails)('reads $name', async ({ name, raw }) => {
  const { text, attachments, bounce, automatic, ...heads } = expected[name] as Expected
  const mail = await parse(raw)
  if (mail === null) throw new Error('It was not read.')
  expect(mail).toMatchObject({ ...heads, isAutomatic: automatic })
  if (text !== undefined) expect(mail.text).toBe(text)
  if (attachments !== undefined) expect(mail.attachments).toEqual(attachments)
  if (bounce === null) expect(mail.bounce).toBeNull()
  else {
    expect(mail.bounce?.mailIds).toContain(bounce.mailId)
    expect(mail.bounce?.reason).toContain(bounce.reason)
  }
})

/** How mails are damaged: bytes that change, parts that are lost, doubled or cut off. */
const mutation = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.nat(255),
  }),
  fc.record({
    kind: fc.constantFrom('cut' as const, 'drop' as const, 'double' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(400),
  }),
)

type Mutation = typeof mutation extends fc.Arbitrary<infer Change> ? Change : never

function mutate(raw: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * raw.length)
  if (change.kind === 'flip')
    return Buffer.concat([raw.subarray(0, at), Buffer.from([change.byte]), raw.subarray(at + 1)])
  if (change.kind === 'cut') return raw.subarray(0, at)
  if (change.kind === 'drop') return Buffer.concat([raw.subarray(0, at), raw.subarray(at + change.length)])
  return Buffer.concat([raw.subarray(0, at + change.length), raw.subarray(at)])
}

test('reads 2,000 mutations of them without a crash, as text that can be stored in a message', async () => {
  const cases = fc.record({
    mail: fc.constantFrom(...mails),
    changes: fc.array(mutation, { minLength: 1, maxLength: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ mail, changes }) => {
      const raw = changes.reduce<Buffer>(mutate, mail.raw)
      const read = await parse(raw)
      if (read === null) throw new Error('It was not read.')
      for (const value of [read.text, read.subject ?? '', read.from?.name ?? '', ...read.attachments]) {
        expect(value.isWellFormed()).toBe(true)
        expect(value).not.toContain('\0')
      }
      for (const line of [read.subject ?? '', read.from?.name ?? '']) expect(line).not.toMatch(/\p{Cc}/u)
    }),
    { numRuns: 2_000, seed: 20_261_122 },
  )
})

test('reads a text of 1 MB that is made to slow the search for quotations down, in time', async () => {
  for (const piece of ['Op schreef ', 'On wrote: <a@b> 1\n', 'From: a\n', '> \n\n', '-- \n', '\n', ' '])
    for (const end of ['', '\nx', '\n> x']) {
      const raw = Buffer.from(
        `From: jane@example.com\r\nIn-Reply-To: <a@b>\r\n\r\n${piece.repeat(1_000_000 / piece.length)}${end}`,
      )
      const begun = performance.now()
      await parse(raw)
      expect(performance.now() - begun).toBeLessThan(30_000)
    }
})

const read = async (headers: string, body: string) => {
  const mail = await parse(
    Buffer.from(`From: Jane <jane@example.com>\n${headers}\n\n${body}`.replaceAll('\n', '\r\n')),
  )
  if (mail === null) throw new Error('It was not read.')
  return mail
}

test.each([
  'Please change my trip:\n\nFrom: Berlin\nTo: Munich\nDate: 3 May\nSubject: Trip\n\nThe new date is 9 May.',
  'It prints this:\n\n> Error: no such file\n\nWhat now?',
  'Is this from you?\n\nFrom: Acme <x@example.org>\nSent: Monday\nTo: me\nSubject: Pay!\n\nPlease tell me.',
])('keeps all of a first mail, also text that looks like a quotation', async text => {
  expect((await read('Subject: A question', text)).text).toBe(text)
})

test('keeps text that only looks like a quotation in a reply, where nothing introduces one', async () => {
  const text = 'It prints this:\n\n> Error: no such file\n\nWhat now?'
  expect((await read('In-Reply-To: <a@b>', text)).text).toBe(text)
})

const report = (type: string, from: string, headers = '') =>
  `Content-Type: ${type}; boundary=b\nX-From: ${from}\n${headers}In-Reply-To: <msg_1@gateway.test>`
const parts = (action: string, returned: string) =>
  `--b\n\nAbout your mail.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: ${action}\nStatus: 5.0.0\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: ${returned}\nReferences: <msg_1@gateway.test>\n\nHi\n\n--b--`

test('a report names the mail that it returns before the one it replies to, and no other of its thread', async () => {
  const { bounce } = await read(
    report('multipart/report; report-type=delivery-status', ''),
    parts('failed', '<msg_3@gateway.test>'),
  )
  expect(bounce?.mailIds).toEqual(['<msg_3@gateway.test>', '<msg_1@gateway.test>'])
})

test('a mail that a person wrote is never a report, also with a report attached or from a postmaster', async () => {
  const attached = await read(report('multipart/mixed', ''), parts('failed', '<msg_3@gateway.test>'))
  expect(attached.bounce).toBeNull()
  const postmaster = await parse(
    Buffer.from(
      'From: postmaster@example.com\r\nIn-Reply-To: <msg_1@gateway.test>\r\n\r\nYour mail failed our check, I cannot open it.',
    ),
  )
  expect(postmaster?.bounce).toBeNull()
})

test('the same mail has the same digest when it is read later, also with an invalid date', async () => {
  const headers = 'Message-ID: <1@example.com>\nDate: Mo, 12 Mär 2025'
  const first = await read(headers, 'Hi')
  const readAt = Date.now()
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(readAt + 1_000)
  expect((await read(headers, 'Hi')).digest).toBe(first.digest)
})

test('HTML that follows the plain text is part of the text, and HTML beside it is not', async () => {
  const parts = '--b\nContent-Type: text/plain\n\nPlain\n--b\nContent-Type: text/html\n\n<b>Rich</b>\n--b--'
  const following = await read('Content-Type: multipart/mixed; boundary=b', parts)
  expect(following.text).toMatch(/^Plain\s+Rich$/)
  expect((await read('Content-Type: multipart/alternative; boundary=b', parts)).text).toBe('Plain')
})

test('a limited number of recipients, references and characters is kept', async () => {
  const each = (of: (index: number) => string) => Array.from({ length: 2_000 }, (_, index) => of(index))
  const raw = [
    'From: jane@example.com',
    `To: ${each(index => `p${index}@example.com`).join(', ')}`,
    `References: ${each(index => `<${index}@example.com>`).join(' ')}`,
    '',
    'Hello '.repeat(500_000),
  ].join('\r\n')
  const mail = await parse(Buffer.from(raw))
  expect(mail?.recipients).toHaveLength(1_000)
  expect(mail?.references).toHaveLength(50)
  expect(mail?.references[0]).toBe('<1999@example.com>')
  expect(mail?.text.length).toBeLessThanOrEqual(1_000_000)
})
