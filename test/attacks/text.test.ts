import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import type { Workspace } from '../support/gateway.ts'
import { rowsOf } from '../support/rows.ts'

const send = async ({ client }: Workspace, path: string, body: Buffer) => {
  const response = await fetch(client.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: client.authorization },
    body: new Uint8Array(body),
  })
  return { status: response.status, body: await response.json() }
}

/** A body with these bytes in the place of TEXT. */
const withBytes = (json: object, bytes: number[]) => {
  const [before = '', after = ''] = JSON.stringify(json).split('TEXT')
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
}

const input = { email: 'jane@example.com', contentText: 'TEXT' }
const query =
  'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { userErrors { message path } } }'
const pathOf = ({ id }: Workspace) => `/v1/workspaces/${id}/support/inbox/conversations`

describe('a body that is not UTF-8', () => {
  test.for<[string, number[]]>([
    ['a stray byte', [0xff]],
    ['a character that is cut off', [0xf0, 0x9f, 0x98]],
    ['an overlong form', [0xc0, 0x80]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
  ])('because of %s is refused, and nothing is written', async ([_, bytes], { gateway, acme }) => {
    const before = await rowsOf(gateway.db, acme.id)
    const graphql = withBytes({ query, variables: { input } }, bytes)
    expect(await send(acme, '/graphql', graphql)).toEqual({
      status: 400,
      body: { errors: [{ message: 'The body is not valid UTF-8.', extensions: { code: 'INVALID_INPUT' } }] },
    })
    expect(await send(acme, pathOf(acme), withBytes(input, bytes))).toEqual({
      status: 400,
      body: { statusCode: 400, error: 'Bad Request', message: 'The body is not valid UTF-8.' },
    })
    expect(await rowsOf(gateway.db, acme.id)).toEqual(before)
  })
})

test.for(['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}'])(
  'a body that could change a prototype, %s, is refused',
  async (text, { acme }) => {
    for (const path of ['/graphql', pathOf(acme)])
      expect((await send(acme, path, Buffer.from(text))).status).toBe(400)
  },
)

describe('a text that nobody can see', () => {
  test.for([
    ['a zero-width space', '\u200b'],
    ['joiners and a byte order mark', '\u200d\u2060\ufeff'],
    ['a soft hyphen in white space', ' \u00ad\n'],
    ['marks of direction', '\u202e\u2066'],
    ['fillers', '\u3164\u115f'],
    ['tags', '\u{e0041}\u{e007f}'],
  ] as const)('made of %s counts as empty', async ([_, contentText], { acme }) => {
    const { data } = await acme.client.graphql(query, { input: { ...input, contentText } })
    expect(data).toEqual({
      createConversation: {
        userErrors: [{ message: 'contentText must not be empty.', path: ['input', 'contentText'] }],
      },
    })
    const { status, body } = await acme.client.rest('POST', pathOf(acme), { ...input, contentText })
    expect([status, body.message]).toEqual([400, 'contentText must not be empty.'])
  })

  test('is kept within one that has something to see', async ({ acme }) => {
    const contentText = '👨\u200d👩\u200d👧 \u200bHi'
    const { status, body } = await acme.client.rest('POST', pathOf(acme), { ...input, contentText })
    expect([status, body.message.contentPreview]).toEqual([201, contentText])
  })
})
