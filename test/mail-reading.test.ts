import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReader, type Reader } from '../src/mail/reader.ts'

let reader: Reader
beforeAll(() => {
  reader = createReader()
})
afterAll(() => reader.close())

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

const directory = join(import.meta.dirname, 'mails')
const expected: Record<string, Expected> = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'))
const mails = readdirSync(directory)
  .filter(name => name.endsWith('.eml'))
  .map(name => ({ name: basename(name, '.eml'), raw: rawOf(name) }))

/** Mail travels with CRLF line ends; the files are kept with LF where they are not about that. */
function rawOf(name: string): Buffer {
  const text = readFileSync(join(directory, name), 'latin1')
  return Buffer.from(text.includes('\r') ? text : text.replaceAll('\n', '\r\n'), 'latin1')
}

test('every mail has an expectation', () => {
  expect(mails.length).toBeGreaterThanOrEqual(30)
  expect(mails.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort())
})

test.each(mails)('reads $name', async ({ name, raw }) => {
  const { text, attachments, bounce, automatic, ...heads } = expected[name] as Expected
  const mail = await reader.read(raw)
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

/** What happens to mails on their way: bytes that change, parts that are lost, doubled or cut off. */
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

test('reads 2,000 mutations of them without a crash, as text that a message can hold', async () => {
  const cases = fc.record({
    mail: fc.constantFrom(...mails),
    changes: fc.array(mutation, { minLength: 1, maxLength: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ mail, changes }) => {
      const raw = changes.reduce<Buffer>(mutate, mail.raw)
      const read = await reader.read(raw)
      if (read === null) throw new Error('It was not read.')
      for (const value of [read.text, read.subject ?? '', read.from?.name ?? '', ...read.attachments]) {
        expect(value.isWellFormed()).toBe(true)
        expect(value).not.toContain('\0')
      }
      for (const line of [read.subject ?? '', read.from?.name ?? '']) expect(line).not.toMatch(/\p{Cc}/u)
    }),
    { numRuns: 2_000, seed: 20_261_122 },
  )
}, 120_000)

test('takes no longer for texts that are made to keep the search for quotations busy', async () => {
  for (const piece of ['Op schreef ', 'On wrote: <a@b> 1\n', 'From: a\n', '> \n\n', '-- \n', '\n', ' '])
    for (const end of ['', '\nx', '\n> x']) {
      const raw = Buffer.from(
        `From: jane@example.com\r\nIn-Reply-To: <a@b>\r\n\r\n${piece.repeat(1_000_000 / piece.length)}${end}`,
      )
      const begun = performance.now()
      await reader.read(raw)
      expect(performance.now() - begun).toBeLessThan(5_000)
    }
})

const read = async (headers: string, body: string) => {
  const mail = await reader.read(
    Buffer.from(`From: Jane <jane@example.com>\n${headers}\n\n${body}`.replaceAll('\n', '\r\n')),
  )
  if (mail === null) throw new Error('It was not read.')
  return mail
}

test.each([
  'Please change my trip:\n\nFrom: Berlin\nTo: Munich\nDate: 3 May\nSubject: Trip\n\nThe new date is 9 May.',
  'It prints this:\n\n> Error: no such file\n\nWhat now?',
  'Is this from you?\n\nFrom: Acme <x@example.org>\nSent: Monday\nTo: me\nSubject: Pay!\n\nPlease tell me.',
])('keeps all of a first mail, whatever looks like a quotation in it', async text => {
  expect((await read('Subject: A question', text)).text).toBe(text)
})

test('keeps what only looks like a quotation in an answer, where nothing introduces one', async () => {
  const text = 'It prints this:\n\n> Error: no such file\n\nWhat now?'
  expect((await read('In-Reply-To: <a@b>', text)).text).toBe(text)
})

const report = (type: string, from: string, headers = '') =>
  `Content-Type: ${type}; boundary=b\nX-From: ${from}\n${headers}In-Reply-To: <msg_1@gateway.test>`
const parts = (action: string, returned: string) =>
  `--b\n\nAbout your mail.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: ${action}\nStatus: 5.0.0\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: ${returned}\nReferences: <msg_1@gateway.test>\n\nHi\n\n--b--`

test('a report names the mail that it returns before the one it answers, and no other of its thread', async () => {
  const { bounce } = await read(
    report('multipart/report; report-type=delivery-status', ''),
    parts('failed', '<msg_3@gateway.test>'),
  )
  expect(bounce?.mailIds).toEqual(['<msg_3@gateway.test>', '<msg_1@gateway.test>'])
})

test('what a person writes is no report, whatever is attached to it or wherever it comes from', async () => {
  const attached = await read(report('multipart/mixed', ''), parts('failed', '<msg_3@gateway.test>'))
  expect(attached.bounce).toBeNull()
  const postmaster = await reader.read(
    Buffer.from(
      'From: postmaster@example.com\r\nIn-Reply-To: <msg_1@gateway.test>\r\n\r\nYour mail failed our check, I cannot open it.',
    ),
  )
  expect(postmaster?.bounce).toBeNull()
})

test('the same mail is the same when it is read later, also when its date is none', async () => {
  const headers = 'Message-ID: <1@example.com>\nDate: Mo, 12 Mär 2025'
  const first = await read(headers, 'Hi')
  const readAt = Date.now()
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(readAt + 1_000)
  expect((await read(headers, 'Hi')).digest).toBe(first.digest)
})
