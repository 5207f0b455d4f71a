import fc from 'fast-check'
import type { Inbox, Source, Status } from './inbox.ts'

/** Points at something that the model has when the command runs, counted around the end; or at nothing. */
export type Reference = number | 'unknown'

export const references: fc.Arbitrary<Reference> = fc.oneof(
  { weight: 12, arbitrary: fc.nat(7) },
  { weight: 1, arbitrary: fc.constant('unknown' as const) },
)

const unknownIds = ['', 'unknown', 'msg_1', 'thd_01m879abxjexxv2fh2eb2kasz4', 'THD_1', 'thd_\0']

/** The id that a reference means. With nothing to point at, it is an id that does not exist. */
export function idOf(reference: Reference, ids: readonly string[]): string {
  if (reference === 'unknown' || ids.length === 0) return unknownIds[ids.length % unknownIds.length] ?? ''
  return ids[reference % ids.length] ?? ''
}

const longText = 'A long text that is cut for the preview of the list, '.repeat(6)

/** Mostly one of the first values; at times one of the second, which are refused. */
const mostly = (usual: string[], refused: string[]) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...refused) },
  )

const texts = mostly(
  ['Hello', ' two\n\nlines ', '👩‍👩‍👧‍👦'.repeat(20), longText, 'x'.repeat(200)],
  ['', ' \n '],
)
const emails = mostly(
  ['ann@example.com', 'Ann@Example.com', ' bob@example.com ', 'cy@example.com'],
  ['', 'nobody', 'a@b@c', 'ann@example.com, bob@example.com'],
)

const rarely = <Value>(arbitrary: fc.Arbitrary<Value>, percent = 30) =>
  fc.oneof({ weight: 100 - percent, arbitrary: fc.constant(undefined) }, { weight: percent, arbitrary })

const keys = rarely(mostly(['a', 'b', 'c', 'd'], ['', 'é', 'k'.repeat(256)]), 45)
const externalIds = rarely(mostly(['a', ' a ', 'b', 'c', ''], ['two\nlines']), 45)
const names = rarely(mostly(['Ann', ' Bob ', ''], ['two\nlines']))
const subjects = rarely(mostly(['A question', ' '], ['two\nlines']))
const channels = rarely(fc.constantFrom('email' as const, 'chat' as const, 'unknown' as const), 12)
const statuses = fc.constantFrom<Status>('OPEN', 'CLOSED', 'ARCHIVED')

export type AgentReference = 'own' | 'other' | 'unknown' | 'nobody' | 'left out'

/** Generated input of each mutation, with references in place of ids. */
export const inputs = {
  createConversation: fc.record({
    email: emails,
    name: names,
    subject: subjects,
    contentText: texts,
    channel: channels,
    idempotencyKey: keys,
  }),
  replyToConversation: fc.record({ conversation: references, contentText: texts, idempotencyKey: keys }),
  addNote: fc.record({ conversation: references, contentText: texts, idempotencyKey: keys }),
  receiveMessage: fc
    .record({
      to: fc.oneof(
        { weight: 5, arbitrary: fc.record({ conversation: references }) },
        { weight: 5, arbitrary: fc.record({ email: emails }) },
        { weight: 2, arbitrary: fc.record({ conversation: references, email: emails }) },
        { weight: 3, arbitrary: fc.record({ contact: references }) },
        { weight: 1, arbitrary: fc.constantFrom({}, { contact: 0, email: 'ann@example.com' }) },
      ) as fc.Arbitrary<{ conversation?: Reference; contact?: Reference; email?: string }>,
      source: fc.constantFrom<Source>('EMAIL', 'CHAT', 'FORM', 'API'),
      contentText: texts,
      name: names,
      subject: subjects,
      channel: channels,
      externalId: externalIds,
    })
    .map(({ to, ...others }) => ({ ...to, ...others })),
  setConversationStatus: fc.record({ conversation: references, status: statuses }),
  assignConversation: fc.record({
    conversation: references,
    agent: fc.constantFrom<AgentReference>('own', 'other', 'nobody', 'own', 'nobody', 'unknown', 'left out'),
  }),
  setConversationUnread: fc.record({ conversation: references, isUnread: fc.boolean() }),
}

export type Mutation = keyof typeof inputs

/** The input of a mutation as it is sent. */
export type Input = Record<string, unknown>

/** Generated input, with references in place of ids. */
export type Given = {
  conversation?: Reference
  contact?: Reference
  channel?: 'email' | 'chat' | 'unknown' | undefined
  agent?: AgentReference
}

/** Puts the ids that the model knows in place of the references. */
export function resolved(inbox: Inbox, { conversation, contact, channel, agent, ...others }: Given): Input {
  const channelIds = { email: inbox.emailChannelId, chat: inbox.chatChannelId, unknown: 'chn_unknown' }
  const agentIds = { own: inbox.agentId, other: inbox.otherAgentId, unknown: 'agt_unknown', nobody: null }
  const { conversations, contacts } = inbox
  const idsIn = (rows: { id: string }[]) => rows.map(({ id }) => id)
  return {
    ...others,
    ...(conversation === undefined ? {} : { conversationId: idOf(conversation, idsIn(conversations)) }),
    ...(contact === undefined ? {} : { contactId: idOf(contact, idsIn(contacts)) }),
    ...(channel === undefined ? {} : { channelId: channelIds[channel] }),
    ...(agent === undefined || agent === 'left out' ? {} : { agentId: agentIds[agent] }),
  }
}
