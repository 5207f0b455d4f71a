import { smtpTransport } from '../../src/mail/outbound/transport.ts'
import { test as base } from './fixtures.ts'
import type { Client } from './gateway.ts'
import { type MailServer, startMailServer } from './mail-server.ts'

/** A gateway with a mail server of ours that takes what it sends, and a domain for replies. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('mailServer', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startMailServer()
    onCleanup(server.close)
    return server
  })
  .extend('gatewayOptions', { scope: 'file' }, ({ mailServer }) => ({
    mailTransport: smtpTransport(mailServer.url),
    mailReplyDomain: 'reply.example.com',
  }))

/** A mail as it comes in; a header that is empty is left out. */
export const mail = (headers: Record<string, string>, body = 'Hello') =>
  `${Object.entries({ From: 'Jane Doe <jane@example.com>', To: 'help@acme.test', ...headers })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')}\r\n\r\n${body}`

type Body = { conversation: { id: string }; message: { id: string; contentPreview: string; status: string } }

/** Hands a mail in, as a mail server does. */
export async function handIn(
  from: Client,
  workspaceId: string,
  raw: string | Buffer,
  type = 'message/rfc822',
  key?: string,
) {
  const response = await fetch(`${from.url}/v1/workspaces/${workspaceId}/support/inbox/inbound-emails`, {
    method: 'POST',
    headers: {
      authorization: from.authorization,
      'content-type': type,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: typeof raw === 'string' ? raw : new Uint8Array(raw),
  })
  const body = (await response.json()) as Body & { statusCode: number; message: string }
  return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body }
}

type Shown = {
  status: string
  isUnread: boolean
  subject: string | null
  contact: { email: string; name: string | null }
  channel: { id: string } | null
  messages: {
    edges: { node: { text: string; direction: string; status: string; failureReason: string | null } }[]
  }
}

export async function shown(from: Client, id: string): Promise<Shown> {
  const { data } = await from.graphql<{ conversation: Shown }>(
    `query ($id: ID!) { conversation(id: $id) { status isUnread subject contact { email name } channel { id }
      messages(first: 50) { edges { node { text direction status failureReason } } } } }`,
    { id },
  )
  return data.conversation
}

export const textsOf = ({ messages }: Shown) => messages.edges.map(({ node }) => node.text)

/** The mail that the server got for this message. */
export const sent = (server: MailServer, messageId: string) => {
  const found = server.mails.find(({ text: raw }) => raw.includes(`Message-ID: <${messageId}@`))
  if (!found) throw new Error('The mail server has no mail of this message.')
  return found.text
}

/** The address that reports about this message come to: the sender that the mail server was given. */
export const reportAddressOf = (server: MailServer, messageId: string) =>
  server.mails.find(({ text: raw }) => raw.includes(`Message-ID: <${messageId}@`))?.from ?? ''

export const headerOf = (raw: string, name: string) =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(raw)?.[1]?.replace(/\r\n[ \t]+/g, ' ')
