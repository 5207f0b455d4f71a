import fc from 'fast-check'
import type { Known } from './known.ts'
import { oddText } from './values.ts'

type Header = readonly [name: string, value: string]

/** A mail, or a part of one. */
type Part = { headers: Header[]; body: string }

/** Chooses mostly among the first values. */
const mostly = <Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>, weight = 8) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd })

const maybe = (header: fc.Arbitrary<Header>, percent: number): fc.Arbitrary<Header[]> =>
  fc.oneof(
    { weight: percent, arbitrary: header.map(each => [each]) },
    { weight: 100 - percent, arbitrary: fc.constant<Header[]>([]) },
  )

const named = (name: string, values: fc.Arbitrary<string>): fc.Arbitrary<Header> =>
  values.map(value => [name, value] as const)

const base64 = (text: string) => Buffer.from(text.toWellFormed()).toString('base64')

const bodies = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Hello',
      'It broke.\r\n\r\n> On Monday you wrote:\r\n> Hi',
      '',
      'h=E9llo=\r\n',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('<p>Hello <b>you', '<table><tr><td>a<td>b', '<blockquote>'.repeat(50)),
  },
  { weight: 2, arbitrary: oddText.map(base64) },
  { weight: 1, arbitrary: oddText },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 300 }) },
)

const contentTypes = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('text/plain', 'text/html', 'text/plain; charset=utf-8; format=flowed'),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        'iso-8859-1',
        'windows-1252',
        'iso-2022-jp',
        'koi8-r',
        'utf-16',
        'x-unknown',
        'utf-7',
        '""',
      )
      .map(charset => `text/plain; charset=${charset}`),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'application/pdf; name="a.pdf"',
      "application/octet-stream; name*0*=utf-8''%ff; name*1=b",
      'text/calendar; method=REQUEST',
      'message/delivery-status',
      'image/png',
    ),
  },
  { weight: 1, arbitrary: oddText },
)

const encodings = mostly(
  fc.constantFrom('7bit', '8bit', 'base64', 'quoted-printable'),
  fc.oneof(fc.constant('uuencode'), oddText),
)

const leaf: fc.Arbitrary<Part> = fc
  .tuple(
    maybe(named('Content-Type', contentTypes), 85),
    maybe(named('Content-Transfer-Encoding', encodings), 60),
    maybe(
      named('Content-Disposition', fc.constantFrom('attachment; filename="x.txt"', 'inline', 'attachment')),
      20,
    ),
    maybe(named('Content-ID', fc.constantFrom('<a@b>', '<')), 5),
    bodies,
  )
  .map(([type, encoding, disposition, id, body]) => ({
    headers: [...type, ...encoding, ...disposition, ...id],
    body,
  }))

const subtypes = fc.constantFrom(
  'mixed',
  'alternative',
  'related',
  'signed',
  'digest',
  'report; report-type=delivery-status',
)

/** Parts between boundaries; at times the boundary is not the declared one, or the last is missing. */
function multipart(children: fc.Arbitrary<Part>): fc.Arbitrary<Part> {
  return fc
    .record({
      subtype: subtypes,
      declared: mostly(fc.constantFrom('b', 'b b', 'outer'), fc.constantFrom('', '--', 'x'.repeat(200))),
      other: mostly(fc.constant(null), fc.constant('other')),
      parts: fc.array(children, { maxLength: 4 }),
      isClosed: fc.nat(7).map(number => number < 7),
    })
    .map(({ subtype, declared, other, parts, isClosed }) => {
      const boundary = other ?? declared
      const content = parts.map(part => `--${boundary}\r\n${textOf(part)}\r\n`).join('')
      return {
        headers: [['Content-Type', `multipart/${subtype}; boundary="${declared}"`] as const],
        body: `preamble\r\n${content}${isClosed ? `--${boundary}--\r\n` : ''}`,
      }
    })
}

const part: fc.Arbitrary<Part> = fc.letrec<{ part: Part }>(tie => ({
  part: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: multipart(tie('part')) },
    {
      weight: 1,
      arbitrary: tie('part').map(inner => ({
        headers: [['Content-Type', 'message/rfc822'] as const],
        body: `From: inner@example.com\r\n${textOf(inner)}`,
      })),
    },
  ),
})).part

const report = fc
  .tuple(fc.constantFrom('failed', 'delayed', 'delivered', ''), fc.constantFrom('5.1.1', '4.4.1', '', 'x'))
  .map(([action, status]): Part => {
    const fields = `Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b.c\r\nAction: ${action}\r\nStatus: ${status}\r\n`
    const content = `--r\r\n\r\nSorry.\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\n${fields}\r\n--r--`
    return {
      headers: [['Content-Type', 'multipart/report; report-type=delivery-status; boundary=r']],
      body: content,
    }
  })

const textOf = ({ headers, body }: Part) =>
  `${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`

const addresses = mostly(
  fc.nat(20).map(index => `Person ${index} <person${index}@example.com>`),
  fc.oneof(
    fc.constantFrom(
      '',
      '<>',
      'nobody',
      'a@b, c@d',
      'Group: a@b.c, d@e.f;',
      '=?utf-8?b?4pyT?= <x@bücher.example>',
      '"',
    ),
    oddText,
  ),
)

const encodedWords = fc.constantFrom(
  'A question',
  'Re: A question',
  '=?utf-8?Q?=E2=9C=93?=',
  '=?x-none?b?AAAA?=',
  '=?utf-8?q?=00?=',
  '=?',
)

/** Arbitrary mails, most of which can be read. They answer mails that exist, or none. */
export function mails(known: Known): fc.Arbitrary<Buffer> {
  const messageIds = fc.oneof(
    fc.constantFrom(...known.all).map(id => `<${id}@gateway.test>`),
    fc.nat(50).map(index => `<m${index}@example.com>`),
    oddText,
  )
  const header = fc
    .tuple(
      maybe(named('From', addresses), 96),
      maybe(named('To', fc.oneof(fc.constant('help@acme.test'), addresses)), 90),
      maybe(named('Subject', fc.oneof({ weight: 4, arbitrary: encodedWords }, oddText)), 80),
      maybe(named('Message-ID', messageIds), 80),
      maybe(named('In-Reply-To', messageIds), 30),
      maybe(
        named(
          'References',
          fc.array(messageIds, { maxLength: 60 }).map(ids => ids.join(' ')),
        ),
        20,
      ),
      maybe(named('Date', fc.constantFrom('Wed, 12 Mar 2025 14:30:00 +0000', 'yesterday', '')), 60),
      maybe(named('Auto-Submitted', fc.constantFrom('auto-replied', 'no', 'x')), 8),
      maybe(named('Return-Path', fc.constantFrom('<>', '<a@b.c>')), 8),
      maybe(
        fc.tuple(fc.constantFrom('X-Odd', 'Content-Type', '__proto__', 'constructor', 'From', ''), oddText),
        15,
      ),
    )
    .map(lists => lists.flat())
  const damage = mostly(
    fc.constant(null),
    fc.record({ at: fc.nat(1_500), by: fc.constantFrom('', '\0', '\r', '\xff', '--b') }),
  )
  return fc
    .tuple(header, fc.oneof({ weight: 8, arbitrary: part }, report), damage)
    .map(([headers, { headers: own, body }, hurt]) => {
      const text = textOf({ headers: [...headers, ['MIME-Version', '1.0'], ...own], body })
      const raw = Buffer.from(text.toWellFormed())
      if (hurt === null) return raw
      const at = hurt.at % raw.length
      return Buffer.concat([
        raw.subarray(0, at),
        Buffer.from(hurt.by, 'latin1'),
        hurt.by === '' ? raw.subarray(raw.length) : raw.subarray(at),
      ])
    })
}
