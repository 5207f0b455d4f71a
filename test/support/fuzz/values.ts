import fc from 'fast-check'
import {
  GraphQLEnumType,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  getNullableType,
} from 'graphql'
import type { Known } from './known.ts'

/** Texts that break things elsewhere: NUL, lone surrogates, emoji, very long ones, names of JavaScript's own. */
export const oddText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    'x\udfff',
    '👩‍👩‍👧‍👦🏳️‍🌈',
    '\u202eabc',
    '\u200b',
    '__proto__',
    'constructor',
    'toString',
    "'; --",
    '%00%2e%2e%2f',
    '../../etc',
    '<b onload=x>',
    '\r\nBcc: x@example.com',
    'null',
    '1e999',
    'é'.normalize('NFD'),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.integer({ min: 100, max: 6_000 }).map(length => 'long '.repeat(length).slice(0, length)),
)

const oddNumber = fc.constantFrom(0, -1, 101, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 1.5, 1e300)

/** Any JSON value, also deep lists and keys such as `__proto__`. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  oddNumber,
  fc.constantFrom(null, true, [], {}),
  fc.integer({ min: 2, max: 200 }).map(depth => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown),
  fc.constantFrom('{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}').map(text => JSON.parse(text)),
  fc.array(fc.oneof(oddText, oddNumber), { maxLength: 5 }),
)

const mostly = <Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>, weight = 12) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd })

const text = mostly(
  fc.constantFrom('Hello', 'It does not start.', 'Où est le colis ?', 'こんにちは', 'x'.repeat(300)),
  oddText,
)

/** Known ids of the noun that the argument's name asks for; at times of another noun or workspace, forged or odd. */
function ids(name: string, known: Known): fc.Arbitrary<string> {
  const nouns: Record<string, readonly string[]> = {
    conversationId: known.conversations,
    contactId: known.contacts,
    agentId: known.agents,
    assignedToId: known.agents,
    channelId: known.channels,
  }
  const forged = fc.oneof(
    fc.constantFrom(...known.foreign, ...known.all),
    fc.constantFrom(...known.all).map(id => id.slice(0, -1)),
    fc.constantFrom(...known.all).map(id => `${id.slice(0, 6)}Z${id.slice(7)}`),
    fc.constantFrom(...known.all).map(id => `thd_${id.slice(4)}`),
    oddText,
  )
  return mostly(fc.constantFrom(...(nouns[name] ?? known.all)), forged, 8)
}

function cursors(known: readonly string[]): fc.Arbitrary<string> {
  const one = fc.constantFrom(...known)
  return fc.oneof(
    { weight: 6, arbitrary: one },
    one.map(cursor => cursor.slice(1)),
    one.map(cursor => `${cursor.slice(0, -2)}zz`),
    one.map(cursor => Buffer.from(`${Buffer.from(cursor, 'base64url')}0`).toString('base64url')),
    oddText,
  )
}

const times = mostly(
  fc.constantFrom('2020-01-01T00:00:00Z', '2030-06-01T12:00:00.123+02:00', '2025-03-12T14:30:00.000Z'),
  fc.oneof(
    fc.constantFrom('2025-02-30T00:00:00Z', '9999-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '2025-01-01'),
    oddText,
  ),
)

const strings = (name: string, known: Known): fc.Arbitrary<string> => {
  if (name === 'after' || name === 'before') return cursors(known.cursors)
  if (name === 'email')
    return mostly(
      fc.nat(40).map(index => `person${index}@example.com`),
      oddText,
    )
  if (name === 'idempotencyKey' || name === 'externalId')
    return mostly(
      fc.nat(50).map(index => `k${index}`),
      oddText,
    )
  return text
}

/** How often an optional argument or field is given, in percent. */
const given: Record<string, number> = { first: 80, last: 2, after: 5, before: 3, idempotencyKey: 15 }

const optional = <Value>(name: string, arbitrary: fc.Arbitrary<Value>) => {
  const percent = given[name] ?? 30
  return fc.oneof(
    { weight: percent, arbitrary },
    { weight: 100 - percent, arbitrary: fc.constant(undefined) },
  )
}

/** Values of an input type; undefined: it is left out. Most fit the type and the inbox. */
export function valuesOf(type: GraphQLInputType, name: string, known: Known): fc.Arbitrary<unknown> {
  if (type instanceof GraphQLNonNull) return required(type.ofType as GraphQLInputType, name, known)
  return optional(name, mostly(required(type, name, known), fc.constant(null), 20))
}

function required(type: GraphQLInputType, name: string, known: Known): fc.Arbitrary<unknown> {
  if (type instanceof GraphQLList) {
    const item = required(getNullableType(type.ofType), name, known)
    return fc.oneof(
      { weight: 20, arbitrary: fc.array(item, { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(item, { minLength: 95, maxLength: 105 }) },
      { weight: 1, arbitrary: fc.constant([]) },
    )
  }
  if (type instanceof GraphQLEnumType)
    return fc.constantFrom(...type.getValues().map(value => ({ enum: value.name })))
  if (type instanceof GraphQLInputObjectType)
    return fc.record(
      Object.fromEntries(
        Object.values(type.getFields()).map(field => [field.name, valuesOf(field.type, field.name, known)]),
      ),
    )
  if (String(type) === 'Int') return mostly(fc.integer({ min: 1, max: 4 }), oddNumber, 25)
  if (String(type) === 'Boolean') return fc.boolean()
  if (String(type) === 'ID') return ids(name, known)
  if (String(type) === 'EventCursor') return cursors(known.eventCursors)
  return String(type) === 'DateTime' ? times : strings(name, known)
}
