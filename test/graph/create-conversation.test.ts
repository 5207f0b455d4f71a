import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import type { Workspace } from '../support/gateway.ts'
import { rowsOf } from '../support/rows.ts'

const create = `mutation ($input: CreateConversationInput!) {
  createConversation(input: $input) {
    conversation { id } contact { id email name } message { preview } cursor userErrors { code message path }
  }
}`

type Created = {
  createConversation: {
    conversation: { id: string } | null
    contact: { id: string; email: string; name: string | null } | null
    message: { preview: string } | null
    cursor: string | null
    userErrors: { code: string; message: string; path: string[] }[]
  }
}

const tryCreate = async (acme: Workspace, input: Record<string, unknown>) => {
  const { data, errors } = await acme.client.graphql<Created>(create, {
    input: { email: 'jane@example.com', contentText: 'Hello', ...input },
  })
  if (errors) throw new Error(JSON.stringify(errors))
  return data.createConversation
}

const over = (limit: number) => '😀'.repeat(limit + 1)

describe('createConversation refuses, and writes nothing for,', () => {
  test.for<[string, Record<string, unknown>, string]>([
    ['an address without a host', { email: 'jane' }, 'email'],
    ['two addresses in one', { email: 'jane@example.com, eve@example.com' }, 'email'],
    ['an address with a line break', { email: 'jane@example.com\r\nBcc: eve@example.com' }, 'email'],
    ['an address with a NUL byte', { email: 'ja\0ne@example.com' }, 'email'],
    ['an address too long for SMTP', { email: `${'x'.repeat(250)}@example.com` }, 'email'],
    ['an empty text', { contentText: '' }, 'contentText'],
    ['a blank text', { contentText: ' \n\t ' }, 'contentText'],
    ['a text over 100,000 characters', { contentText: over(100_000) }, 'contentText'],
    ['a text with a NUL byte', { contentText: 'a\0b' }, 'contentText'],
    ['a text with half a character', { contentText: 'a\ud800b' }, 'contentText'],
    ['a subject over 998 characters', { subject: over(998) }, 'subject'],
    ['a subject that forges headers', { subject: 'Hi\r\nBcc: eve@example.com' }, 'subject'],
    ['a name over 200 characters', { name: over(200) }, 'name'],
    ['a name with a line break', { name: 'Jane\nDoe' }, 'name'],
  ])('%s', async ([_, input, field], { gateway, acme }) => {
    const before = await rowsOf(gateway.db, acme.id)
    const { conversation, cursor, userErrors } = await tryCreate(acme, input)
    expect({ conversation, cursor }).toEqual({ conversation: null, cursor: null })
    expect(userErrors).toEqual([
      { code: 'INVALID_INPUT', path: ['input', field], message: expect.stringContaining(field) },
    ])
    expect(await rowsOf(gateway.db, acme.id)).toEqual(before)
  })

  test('every field at fault, named at once', async ({ acme }) => {
    const { userErrors } = await tryCreate(acme, { email: 'jane', contentText: '', subject: 'a\nb' })
    expect(userErrors.map(({ path }) => path[1])).toEqual(['email', 'subject', 'contentText'])
  })

  test.for(['chn_unknown', 'thd_1', 'x', '', 'chn_\0'])('the channel %j', async (channelId, { acme }) => {
    const { userErrors } = await tryCreate(acme, { channelId })
    expect(userErrors).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'channelId'], message: 'Channel not found.' },
    ])
  })
})

describe('createConversation takes', () => {
  test('the longest text, subject and name, counted in code points', async ({ acme }) => {
    const [contentText, subject, name] = ['😀'.repeat(100_000), '😀'.repeat(998), '😀'.repeat(200)]
    const { conversation, userErrors } = await tryCreate(acme, {
      email: 'long@example.com',
      contentText,
      subject,
      name,
    })
    expect(userErrors).toEqual([])
    const { data } = await acme.client.graphql<{ conversation: object }>(
      'query ($id: ID!) { conversation(id: $id) { subject contact { name } messages { edges { node { text } } } } }',
      { id: conversation?.id },
    )
    expect(data.conversation).toEqual({
      subject,
      contact: { name },
      messages: { edges: [{ node: { text: contentText } }] },
    })
  })

  test.for(['a&b@example.com', 'user%x@example.org', "o'hara+tag@mail.example.co.uk"])(
    'the address %s',
    async (email, { acme }) => {
      expect((await tryCreate(acme, { email })).contact?.email).toBe(email)
    },
  )

  test('one contact for one address, ignoring case and the space around it', async ({ acme }) => {
    const first = await tryCreate(acme, { email: ' Mary.Major@Example.com ' })
    const named = await tryCreate(acme, { email: 'mary.major@example.com', name: 'Mary' })
    const renamed = await tryCreate(acme, { email: 'MARY.MAJOR@EXAMPLE.COM', name: 'Somebody else' })
    expect(first.contact).toEqual({ id: first.contact?.id, email: 'Mary.Major@Example.com', name: null })
    expect(named.contact).toEqual({ ...first.contact, name: 'Mary' })
    expect(renamed.contact).toEqual({ ...first.contact, name: 'Mary' })
    const { data } = await acme.client.graphql<{ contactByEmail: { id: string } }>(
      '{ contactByEmail(email: " mary.MAJOR@example.com") { id } none: contactByEmail(email: "no\\u0000body") { id } }',
    )
    expect(data).toEqual({ contactByEmail: { id: first.contact?.id }, none: null })
  })
})
