import { sql } from 'kysely'
import { expect } from 'vitest'
import { each, outcomeOf, requireUnharmed, sendQuery, type Target, test } from '../support/attack.ts'
import { newConversation } from '../support/gateway.ts'

/** A conversation with 100 more messages of 100,000 characters. Their ids differ from the first one's, however it ends. */
async function largeConversation({ gateway, acme }: Target): Promise<string> {
  const { id, messageId } = await newConversation(acme.client)
  await sql`
    insert into message (id, workspace_id, conversation_id, direction, status, text, preview, created_at)
    select left(id, -4) || case left(right(id, 4), 1) when 'z' then 'y' else 'z' end || lpad(n::text, 3, '0'), workspace_id, conversation_id, 'INBOUND', 'RECEIVED',
      repeat('x', 100000), 'x', created_at + n * interval '1 second'
    from message, generate_series(1, 100) n where id = ${messageId}`.execute(gateway.db)
  return id
}

const texts = 'messages(first: 100) { edges { node { text } } }'

test.for<[string, string]>([
  ['under 30 aliases', each(30, i => `a${i}: ${texts}`)],
  ['under two aliases', `a: ${texts} b: ${texts}`],
  ['under their messages', `messages(first: 90) { edges { node { conversation { ${texts} } } } }`],
  ['under aliases of one field', `messages(first: 100) { edges { node { a: text b: text c: text } } }`],
])(
  '100 texts of 100,000 characters %s are refused before they are read',
  async ([, selection], { target }) => {
    const id = await largeConversation(target)
    const attack = sendQuery(`query ($id: ID!) { conversation(id: $id) { ${selection} } }`, { id })
    expect(await outcomeOf(target, attack)).toBe('400 LIMIT_EXCEEDED')
  },
)

test('such texts are refused over an event stream too', async ({ target }) => {
  const id = await largeConversation(target)
  const query = `query ($id: ID!) { conversation(id: $id) { a: ${texts} b: ${texts} } }`
  const attack = async ({ acme }: Target) => {
    const response = await fetch(`${acme.client.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: acme.client.authorization,
      },
      body: JSON.stringify({ query, variables: { id } }),
    })
    const text = await response.text()
    return { outcome: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? 'none', text: text.slice(0, 10_000) }
  }
  expect(await outcomeOf(target, attack)).toBe('LIMIT_EXCEEDED')
})

test('wrong variables are answered with less than 10 kB', async ({ target }) => {
  const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`f${index}`, 1]))
  const mutation =
    'mutation ($a: CreateConversationInput!) { createConversation(input: $a) { userErrors { code } } }'
  const { text } = await sendQuery(mutation, { a: fields })(target)
  expect(text.length).toBeLessThan(10_000)
})

test('the gateway is as it was before', async ({ target, sizeBefore }) => {
  await requireUnharmed(target, sizeBefore)
})
