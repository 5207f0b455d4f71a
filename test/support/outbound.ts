import { expect, onTestFinished } from 'vitest'
import { smtpTransport } from '../../src/mail/outbound/transport.ts'
import { type Client, type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { type MailServer, startMailServer } from './mail-server.ts'

/** A mail server that closes with its test. */
export async function mailServer(options?: Parameters<typeof startMailServer>[0]): Promise<MailServer> {
  const server = await startMailServer(options)
  onTestFinished(server.close)
  return server
}

/** A gateway that sends its mail to this server, and closes with its test. */
export async function gatewayTo(url?: string, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({ ...(url ? { mailTransport: smtpTransport(url) } : {}), ...options })
  onTestFinished(gateway.close)
  return gateway
}

/** A message as its sender sees it. */
export type Sent = { id: string; status: string; failureReason: string | null; sentAt: string | null }

/** Opens a conversation by mail, and returns its message. */
export async function send(caller: Client, input: object = {}): Promise<Sent> {
  const { data } = await caller.graphql<{ createConversation: { message: Sent } }>(
    `mutation ($input: CreateConversationInput!) {
      createConversation(input: $input) { message { id status failureReason sentAt } }
    }`,
    {
      input: {
        email: 'jane@example.com',
        name: 'Jane, "J" <Doe>',
        subject: 'Grüße',
        contentText: 'Hello Jane',
        ...input,
      },
    },
  )
  return data.createConversation.message
}

type Row = {
  status: string
  failure_reason: string | null
  attempts: number
  next_attempt_at: Date | null
  mail_id: string | null
}

/** How far the delivery of a message is. */
export const rowOf = (gateway: Gateway, id: string): Promise<Row> =>
  gateway.db
    .selectFrom('message')
    .select(['status', 'failure_reason', 'attempts', 'next_attempt_at', 'mail_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

/** Makes the next attempt due. */
export const hurry = (gateway: Gateway, id: string) =>
  gateway.db
    .updateTable('message')
    .set({ next_attempt_at: new Date(0) })
    .where('id', '=', id)
    .execute()

/** What the team sees in the conversation of a message. */
export async function notesOf(caller: Client, id: string) {
  const { data } = await caller.graphql<{
    node: {
      conversation: {
        status: string
        isUnread: boolean
        messages: { edges: { node: { text: string; author: null } }[] }
      }
    }
  }>(
    `query ($id: ID!) { node(id: $id) { ... on Message { conversation { status isUnread
      messages(first: 10, direction: [NOTE]) { edges { node { text author { id } } } } } } } }`,
    { id },
  )
  const { messages, ...state } = data.node.conversation
  return { ...state, notes: messages.edges.map(({ node }) => node) }
}

/** Resolves when a message's delivery has got this far. */
export const reaches = (gateway: Gateway, id: string, status: string) =>
  expect.poll(async () => (await rowOf(gateway, id)).status).toBe(status)
