import fc from 'fast-check'
import { expect } from 'vitest'
import type { Client } from '../gateway.ts'
import type { Inbox } from './inbox.ts'
import { type Given, type Input, inputs, type Mutation, resolved } from './inputs.ts'
import { learn } from './learn.ts'
import { type Change as Decided, decide } from './rules.ts'
import { conversationFields, expectShown, read, readConversation, type Shown } from './shown.ts'

type Payload = {
  conversation: Shown | null
  contact?: { id: string } | null
  message?: { id: string; status: string; createdAt: string } | null
  cursor: string | null
  replayed?: boolean | null
  userErrors: { code: string; path: string[] }[]
}

const isAboutMessage: Record<Mutation, boolean> = {
  createConversation: true,
  replyToConversation: true,
  addNote: true,
  receiveMessage: true,
  setConversationStatus: false,
  assignConversation: false,
  setConversationUnread: false,
}
const namesContact = (mutation: Mutation) => ['createConversation', 'receiveMessage'].includes(mutation)

function documentOf(mutation: Mutation): string {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`
  const message = isAboutMessage[mutation] ? 'message { id status createdAt } replayed' : ''
  return `mutation ($input: ${type}!) { payload: ${mutation}(input: $input) {
    conversation { ...Shown } ${namesContact(mutation) ? 'contact { id }' : ''} ${message}
    cursor userErrors { code path } } } ${conversationFields}`
}

/** Makes a change in the gateway and in the model, and compares what the payload shows. */
async function make(inbox: Inbox, client: Client, mutation: Mutation, input: Input): Promise<void> {
  const decision = decide(inbox, mutation, input)
  inbox.onOutcome(`${mutation} ${decision.kind}`)
  if (input.idempotencyKey !== undefined || input.externalId !== undefined)
    inbox.repeatable.push({ mutation, input })
  const { payload } = await read<{ payload: Payload }>(client, documentOf(mutation), { input })
  if (decision.kind === 'accepted')
    return accepted(inbox, client, { mutation, change: decision.change, payload })
  if (decision.kind === 'refused') return expectRefused(payload, decision.errors)
  const { conversationId, messageId, cursor } = decision.earlier
  const conversation = inbox.conversations.find(({ id }) => id === conversationId)
  if (!conversation) throw new Error('The model has lost a conversation.')
  expectShown(inbox, conversation, payload.conversation)
  expect(payload).toMatchObject({ message: { id: messageId }, cursor, replayed: true, userErrors: [] })
}

class Change implements fc.AsyncCommand<Inbox, Client> {
  readonly mutation: Mutation
  readonly given: Given

  constructor(mutation: Mutation, given: Given) {
    this.mutation = mutation
    this.given = given
  }

  /** Skipped while there is nothing that its references can point at. */
  check({ conversations, contacts }: Readonly<Inbox>): boolean {
    const { conversation, contact } = this.given
    return (
      (typeof conversation !== 'number' || conversations.length > 0) &&
      (typeof contact !== 'number' || contacts.length > 0)
    )
  }

  run = (inbox: Inbox, client: Client) => make(inbox, client, this.mutation, resolved(inbox, this.given))
  toString = () => `${this.mutation}(${JSON.stringify(this.given)})`
}

/** Sends an earlier request again. */
class Again implements fc.AsyncCommand<Inbox, Client> {
  readonly index: number

  constructor(index: number) {
    this.index = index
  }

  check = ({ repeatable }: Readonly<Inbox>) => repeatable.length > 0

  async run(inbox: Inbox, client: Client): Promise<void> {
    const earlier = inbox.repeatable[this.index % inbox.repeatable.length]
    if (earlier) await make(inbox, client, earlier.mutation, earlier.input)
  }

  toString = () => `again(${this.index})`
}

const byPlace = (one: { path: string[] }, other: { path: string[] }) =>
  one.path.join() < other.path.join() ? -1 : 1

function expectRefused({ userErrors, ...result }: Payload, errors: { code: string; path: string[] }[]): void {
  expect(userErrors.toSorted(byPlace)).toEqual(errors.toSorted(byPlace))
  expect(Object.values(result).filter(value => value !== null)).toEqual([])
}

async function accepted(
  inbox: Inbox,
  client: Client,
  { mutation, change, payload }: { mutation: Mutation; change: Decided; payload: Payload },
): Promise<void> {
  expect(payload.userErrors).toEqual([])
  const { message = null } = payload
  const shown = await delivered(client, change, payload)
  const { conversation, cursor } = learn(inbox, change, { conversation: shown, message })
  expectShown(inbox, conversation, shown)
  expect(payload.cursor).toBe(cursor)
  if (isAboutMessage[mutation]) expect(payload.replayed).toBe(false)
  const { contact } = payload
  if (mutation === 'createConversation') expect(contact?.id).toBe(conversation.contact.id)
  if (mutation === 'receiveMessage') expect(contact?.id).toBe(conversation.messages.at(-1)?.authorId)
}

/**
 * The conversation once the mail of its new message is out. On a busy machine that is after the response, or while it is
 * being made.
 */
async function delivered(client: Client, { isMailed }: Decided, payload: Payload): Promise<Shown> {
  const { conversation, message } = payload
  if (!conversation) throw new Error(`The payload has no conversation: ${JSON.stringify(payload)}`)
  if (!isMailed || isOut(conversation, message?.id)) return conversation
  let shown: Shown | null = null
  await expect
    .poll(async () => {
      shown = await readConversation(client, conversation.id)
      return isOut(shown, message?.id)
    })
    .toBe(true)
  return shown ?? conversation
}

/** Whether the message and the log both show that the mail is out. */
function isOut(shown: Shown | null, id: string | undefined): boolean {
  const message = shown?.messages.edges.find(({ node }) => node.id === id)?.node
  const last = shown?.events.edges.at(-1)?.node.__typename
  return message?.status === 'SENT' && last === 'MessageStatusChanged'
}

type Command = fc.Arbitrary<fc.AsyncCommand<Inbox, Client>>

const change = (mutation: Mutation): Command =>
  (inputs[mutation] as fc.Arbitrary<Given>).map(given => new Change(mutation, given))

/** Commands for every mutation. */
export const changes: Command[] = (Object.keys(inputs) as Mutation[]).map(change)

/** Commands that open conversations or repeat a request. They must come often, or the others find nothing to do. */
export const frequent: Command[] = [
  change('createConversation'),
  change('receiveMessage'),
  change('receiveMessage'),
  fc.nat(7).map(index => new Again(index)),
  fc.nat(7).map(index => new Again(index)),
]
