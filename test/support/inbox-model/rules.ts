import type { Contact, Conversation, Inbox, Message, Remembered, Source, Status } from './inbox.ts'
import type { Input, Mutation } from './inputs.ts'

type UserError = { code: string; path: string[] }

/** A contact that exists, or an address that finds or makes one. */
type Author = Contact | { email: string; name: string | null }

/** What an accepted mutation does. */
export type Change = {
  /** The conversation that it changes; null: it opens one. */
  conversation: Conversation | null
  opening: Pick<Conversation, 'source' | 'subject' | 'channelId' | 'isUnread'> | null
  message: Pick<Message, 'direction' | 'status' | 'text'> | null
  /** The contact who writes, or who is written to in a new conversation; null: the change names no contact. */
  contact: Author | null
  state: Partial<Pick<Conversation, 'status' | 'isUnread' | 'assignedToId'>>
  isMailed: boolean
  /** The name under which the result is remembered; null: it is not. */
  key: { name: string; input: string | null } | null
}

/** What must become of a mutation. */
export type Decision =
  | { kind: 'refused'; errors: UserError[] }
  | { kind: 'repeated'; earlier: Remembered }
  | { kind: 'accepted'; change: Change }

const invalid = (...fields: string[]): UserError => ({ code: 'INVALID_INPUT', path: ['input', ...fields] })
const notFound = (field: string): UserError => ({ code: 'NOT_FOUND', path: ['input', field] })
const refused = (...errors: UserError[]): Decision => ({ kind: 'refused', errors })

const textOf = (value: unknown) => (value == null ? '' : String(value))
const lineOf = (value: unknown) => textOf(value).trim() || null
const isOneAddress = (text: string) => /^[a-z]+@example\.com$/i.test(text.trim())

/** The fields that are wrong for every inbox. */
function wrongFields(input: Input): UserError[] {
  const errors: UserError[] = []
  if ('contentText' in input && textOf(input.contentText).trim() === '') errors.push(invalid('contentText'))
  if (input.email !== undefined && !isOneAddress(textOf(input.email))) errors.push(invalid('email'))
  for (const line of ['name', 'subject', 'externalId'])
    if (textOf(input[line]).trim().includes('\n')) errors.push(invalid(line))
  const { idempotencyKey: key } = input
  if (key !== undefined && !/^[ -~]{1,255}$/.test(textOf(key))) errors.push(invalid('idempotencyKey'))
  return errors
}

const unchanged = { opening: null, message: null, contact: null, state: {}, isMailed: false, key: null }

/** Decides what a mutation must do to the inbox. It changes nothing. */
export function decide(inbox: Inbox, mutation: Mutation, input: Input): Decision {
  const wrong = wrongFields(input)
  if (wrong.length > 0) return refused(...wrong)
  if (mutation === 'receiveMessage' && !namesOneTarget(input)) return refused(invalid())
  if (mutation === 'assignConversation' && !('agentId' in input)) return refused(invalid('agentId'))
  const key = keyOf(mutation, input)
  const earlier = key && inbox.remembered.get(key.name)
  if (earlier && earlier.input !== key.input)
    return refused({ code: 'IDEMPOTENCY_MISMATCH', path: ['input', 'idempotencyKey'] })
  if (earlier) return { kind: 'repeated', earlier }
  const change =
    'conversationId' in input ? toExisting(inbox, mutation, input) : toNew(inbox, mutation, input)
  if (Array.isArray(change)) return refused(...change)
  return { kind: 'accepted', change: { ...unchanged, ...change, key } }
}

const namesOneTarget = ({ conversationId, contactId, email }: Input) =>
  contactId === undefined ? (conversationId ?? email) !== undefined : (conversationId ?? email) === undefined

function keyOf(mutation: Mutation, input: Input): Change['key'] {
  if (mutation === 'receiveMessage') {
    const id = lineOf(input.externalId)
    return id === null ? null : { name: `receive ${input.source} ${id}`, input: null }
  }
  const { idempotencyKey, contentText, conversationId, channelId, email } = input
  if (idempotencyKey === undefined) return null
  const same = [conversationId, channelId, textOf(email).trim(), lineOf(input.name), lineOf(input.subject)]
  return { name: `${mutation} ${idempotencyKey}`, input: JSON.stringify([...same, contentText]) }
}

type Changed = Partial<Change> & Pick<Change, 'conversation'>

function toExisting(inbox: Inbox, mutation: Mutation, input: Input): Changed | UserError[] {
  const conversation = inbox.conversations.find(({ id }) => id === input.conversationId)
  if (!conversation) return [notFound('conversationId')]
  const text = textOf(input.contentText)
  const isMail = conversation.source === 'EMAIL' || conversation.source === 'FORM'
  switch (mutation) {
    case 'replyToConversation':
      return {
        conversation,
        message: { direction: 'OUTBOUND', status: 'SENT', text },
        state: { isUnread: false },
        isMailed: isMail,
      }
    case 'addNote':
      return { conversation, message: { direction: 'NOTE', status: 'STORED', text } }
    case 'receiveMessage':
      return {
        conversation,
        message: { direction: 'INBOUND', status: 'RECEIVED', text },
        contact: authorOf(input) ?? conversation.contact,
        state: { status: 'OPEN', isUnread: true },
      }
    case 'setConversationStatus':
      return { conversation, state: { status: input.status as Status } }
    case 'setConversationUnread':
      return { conversation, state: { isUnread: Boolean(input.isUnread) } }
    default:
      return assigned(inbox, conversation, input.agentId as string | null)
  }
}

function assigned(inbox: Inbox, conversation: Conversation, assignedToId: string | null) {
  const known = [null, inbox.agentId, inbox.otherAgentId]
  return known.includes(assignedToId) ? { conversation, state: { assignedToId } } : [notFound('agentId')]
}

const authorOf = ({ email, name }: Input): Author | null =>
  email === undefined ? null : { email: textOf(email).trim(), name: lineOf(name) }

function toNew(inbox: Inbox, mutation: Mutation, input: Input): Changed | UserError[] {
  const isOutbound = mutation === 'createConversation'
  const source = isOutbound ? 'EMAIL' : (input.source as Source)
  const channelId = channelOf(inbox, source, input.channelId)
  if (Array.isArray(channelId)) return channelId
  const contact = authorOf(input) ?? inbox.contacts.find(({ id }) => id === input.contactId)
  if (!contact) return [notFound('contactId')]
  const text = textOf(input.contentText)
  return {
    conversation: null,
    opening: { source, subject: lineOf(input.subject), channelId, isUnread: !isOutbound },
    message: isOutbound
      ? { direction: 'OUTBOUND', status: 'SENT', text }
      : { direction: 'INBOUND', status: 'RECEIVED', text },
    contact,
    isMailed: isOutbound,
  }
}

/** A FORM conversation may use an EMAIL channel, as replies to it go out by mail. */
function channelOf(inbox: Inbox, source: Source, given: unknown): string | null | UserError[] {
  const { emailChannelId, chatChannelId } = inbox
  if (given === undefined) return source === 'EMAIL' ? emailChannelId : null
  if (given !== emailChannelId && given !== chatChannelId) return [notFound('channelId')]
  const serves = given === chatChannelId ? ['CHAT'] : ['EMAIL', 'FORM']
  return serves.includes(source) ? given : [invalid('channelId')]
}
