import { describe, expect } from 'vitest'
import { changeStatus } from '../../support/conversations.ts'
import { type Client, newConversation } from '../../support/gateway.ts'
import { handIn, mail, shown, test, textsOf } from '../../support/inbound.ts'

const stranger = 'Mallory <stranger@evil.test>'
const failedDmarc = 'mx.acme.test; spf=pass smtp.mailfrom=evil.test; dmarc=fail header.from=example.com'

/** Jane's mail to the team, and the conversation that it opened, closed by the team. */
async function closedConversation(caller: Client, workspaceId: string): Promise<string> {
  const { body } = await handIn(caller, workspaceId, mail({ 'Message-ID': '<jane-1@example.com>' }, 'Help'))
  await changeStatus(caller, body.conversation.id, 'CLOSED')
  return body.conversation.id
}

async function warningsOf(caller: Client, id: string): Promise<(string | null)[]> {
  const { data } = await caller.graphql<{
    conversation: { messages: { edges: { node: { warning: string | null } }[] } }
  }>('query ($id: ID!) { conversation(id: $id) { messages(first: 50) { edges { node { warning } } } } }', {
    id,
  })
  return data.conversation.messages.edges.map(({ node }) => node.warning)
}

describe("a stranger's mail", () => {
  test("that answers a mail of a contact's own opens another conversation", async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const id = await closedConversation(caller, workspaceId)
    for (const name of ['In-Reply-To', 'References']) {
      const forged = mail({ From: stranger, [name]: '<jane-1@example.com>' }, `Mine, by ${name}`)
      expect((await handIn(caller, workspaceId, forged)).body.conversation.id).not.toBe(id)
    }
    expect(await shown(caller, id)).toMatchObject({ status: 'CLOSED' })
    expect(textsOf(await shown(caller, id))).toEqual(['Help'])
  })

  test('that answers a mail of a contact in its name, without being authentic, opens another conversation', async ({
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const id = await closedConversation(caller, workspaceId)
    const headers = { 'In-Reply-To': '<jane-1@example.com>', 'Authentication-Results': failedDmarc }
    const { body } = await handIn(caller, workspaceId, mail(headers, 'Mine'))
    expect(body.conversation.id).not.toBe(id)
    expect(await warningsOf(caller, body.conversation.id)).toEqual(['AUTHOR_NOT_VERIFIED'])
  })

  test('that answers our mail joins the conversation with a warning, and changes no contact', async ({
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const { id, messageId } = await newConversation(caller)
    const headers = { From: stranger, 'In-Reply-To': `<${messageId}@gateway.test>` }
    expect((await handIn(caller, workspaceId, mail(headers, 'Mine'))).body.conversation.id).toBe(id)
    const again = mail({ From: stranger, To: `reply+${id}@reply.example.com` }, 'Mine too')
    expect((await handIn(caller, workspaceId, again)).body.conversation.id).toBe(id)
    expect(await shown(caller, id)).toMatchObject({ contact: { email: 'jane@example.com', name: null } })
    expect(await warningsOf(caller, id)).toEqual([null, 'AUTHOR_IS_NOT_CONTACT', 'AUTHOR_IS_NOT_CONTACT'])
  })

  test.for<[string, Record<string, string>]>([
    ['a stranger', { From: stranger }],
    ["somebody in the contact's name", { 'Authentication-Results': failedDmarc }],
  ])(
    'that claims to be automatic and comes from %s opens the conversation and makes it unread',
    async ([_who, from], { acme }) => {
      const { client: caller, id: workspaceId } = acme
      const { id } = await newConversation(caller)
      await changeStatus(caller, id, 'CLOSED')
      const headers = { ...from, To: `reply+${id}@reply.example.com`, 'Auto-Submitted': 'auto-replied' }
      await handIn(caller, workspaceId, mail(headers, 'Mine'))
      expect(await shown(caller, id)).toMatchObject({ status: 'OPEN', isUnread: true })
    },
  )
})

describe('a contact', () => {
  test('that answers its own mail adds to its conversation, in either case of its address', async ({
    acme,
  }) => {
    const { client: caller, id: workspaceId } = acme
    const id = await closedConversation(caller, workspaceId)
    const more = mail({ From: 'JANE@example.com', 'In-Reply-To': '<jane-1@example.com>' }, 'More')
    expect((await handIn(caller, workspaceId, more)).body.conversation.id).toBe(id)
    expect(await warningsOf(caller, id)).toEqual([null, null])
  })

  test('gets its first name from its own authentic mail only, and never another one', async ({ acme }) => {
    const { client: caller, id: workspaceId } = acme
    const { id } = await newConversation(caller)
    const To = `reply+${id}@reply.example.com`
    const name = async (headers: Record<string, string>) => {
      await handIn(caller, workspaceId, mail({ To, ...headers }, JSON.stringify(headers)))
      return (await shown(caller, id)).contact.name
    }
    const forged = { From: 'Boss <jane@example.com>', 'Authentication-Results': failedDmarc }
    expect(await name(forged)).toBeNull()
    expect(await name({ From: 'Jane Doe <jane@example.com>' })).toBe('Jane Doe')
    expect(await name({ From: 'Boss <jane@example.com>' })).toBe('Jane Doe')
  })
})

test.for<[string, string, string | null]>([
  ['of Google', 'mx.google.com;\r\n dmarc=fail (p=NONE sp=NONE) header.from=example.com', 'NOT_VERIFIED'],
  ['of Microsoft', 'spf=pass; dmarc=fail action=none header.from=example.com;compauth=fail', 'NOT_VERIFIED'],
  ['that passes', 'mx.acme.test; dmarc=pass header.from=example.com', null],
  ['for another domain', 'mx.acme.test; dmarc=fail header.from=example.org', null],
  [
    'above one that the sender has written',
    'mx.acme.test; dmarc=fail header.from=example.com\r\nAuthentication-Results: mx.acme.test; dmarc=pass header.from=example.com',
    'NOT_VERIFIED',
  ],
  [
    'that repeats an address which looks like a result',
    'mx.acme.test; spf=pass smtp.mailfrom="a; dmarc=pass"@evil.test; dmarc=fail header.from=example.com',
    'NOT_VERIFIED',
  ],
  [
    'between two addresses that look like a comment around it',
    'mx.acme.test; spf=pass smtp.mailfrom="a("@evil.test; dmarc=fail header.from=example.com; dkim=pass header.i=")b"@evil.test',
    'NOT_VERIFIED',
  ],
  [
    'with a comment that names another domain',
    'mx.acme.test; dmarc=fail (sent as header.from=evil.test here) header.from=example.com',
    'NOT_VERIFIED',
  ],
])('a result of DMARC %s is understood', async ([_which, value, warning], { acme }) => {
  const { client: caller, id: workspaceId } = acme
  const { body } = await handIn(caller, workspaceId, mail({ 'Authentication-Results': value }))
  expect(await warningsOf(caller, body.conversation.id)).toEqual([warning && `AUTHOR_${warning}`])
})
