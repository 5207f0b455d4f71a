import { expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'

/** What a log line shows, as its writer sees it. */
function logged(fields: object, message = 'failed') {
  const lines: string[] = []
  createLog({ write: line => void lines.push(line) }).error(fields, message)
  return JSON.parse(lines[0] ?? '')
}

test.for<[string, string]>([
  ['550 <jane@example.com>: unknown', '550 <[address]>: unknown'],
  ['to "jane doe"@bücher.example, jörg+1@[127.0.0.1]', 'to [address], [address]'],
  ['no route to postgres://user:p%40ss@db:5432/inbox', 'no route to postgres://[secret]@db:5432/inbox'],
  ['smtps://me@example.com:word@mail.example:465', 'smtps://[secret]@mail.example:465'],
  ['Authorization: Bearer abc.def refused', 'Authorization: Bearer [secret] refused'],
  ['the key cgw_abc-DEF_123 is unknown', 'the key [secret] is unknown'],
  [
    'at file:///app/node_modules/@fastify/cors/index.js:1',
    'at file:///app/node_modules/@fastify/cors/index.js:1',
  ],
])('a line with %s shows %s', ([text, shown]) => {
  expect(logged({ note: text }, text)).toMatchObject({ note: shown, msg: shown })
  expect(logged({ err: new Error(text) }).err.message).toBe(shown)
})

test('an error keeps what says where and why it failed, and loses all else', () => {
  const error = Object.assign(new Error('duplicate key value violates unique constraint "message_pkey"'), {
    code: '23505',
    severity: 'ERROR',
    constraint: 'message_pkey',
    detail: 'Key (text)=(Hello Jane) already exists.',
    where: 'COPY message, line 1: "Hello Jane"',
    internalQuery: "select 'Hello Jane'",
    parameters: ['Hello Jane'],
    hint: 'Hello Jane',
    rejected: ['jane@example.com'],
  })
  const { err } = logged({ err: new AggregateError([error], 'both', { cause: error }) })
  for (const shown of [err.cause, err.errors[0]]) {
    expect(shown).toEqual({
      type: 'Error',
      message: error.message,
      stack: expect.stringMatching(/^\s+at .*log\.test\.ts/),
      code: '23505',
      severity: 'ERROR',
      constraint: 'message_pkey',
    })
  }
})

test('the words of a mail server show no address', () => {
  const refused = Object.assign(new Error('no'), { response: '550 <jane@example.com>: unknown' })
  expect(logged({ err: refused }).err.response).toBe('550 <[address]>: unknown')
})

test('the key of the demo is shown as `key`, and nowhere else', () => {
  expect(logged({ key: 'cgw_demo', note: 'cgw_demo' })).toMatchObject({ key: 'cgw_demo', note: '[secret]' })
})

test('a data exception of PostgreSQL does not show the value', () => {
  const message = 'invalid input syntax for type integer: "Hello "Jane""'
  const { err } = logged({ err: Object.assign(new Error(message), { code: '22P02', severity: 'ERROR' }) })
  expect(JSON.stringify(err)).not.toContain('Jane')
  expect(err.message).toBe('invalid input syntax for type integer: "[value]"')
})

test('a long text is cut, and takes no long time', () => {
  const began = performance.now()
  expect(logged({}, 'a.'.repeat(5_000_000)).msg).toHaveLength(10_000)
  expect(performance.now() - began).toBeLessThan(5_000)
})
