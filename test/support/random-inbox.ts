import fc from 'fast-check'
import type { DemoRecords } from '../../src/demo/insert-records.ts'
import type { ConversationOrder } from '../../src/domain/conversation/branches.ts'
import type { ConversationFilter } from '../../src/domain/conversation/filter.ts'
import type { Conversation } from '../../src/domain/conversation/rows.ts'

/** A conversation of a random inbox as the tests know it: its row, and all its texts. */
export type Known = Omit<Conversation, 'lastMessagePreview'> & { texts: string[] }

const agents = ['agt_a', 'agt_b', 'agt_c']
const channels = ['chn_a', 'chn_b']
const contacts = ['ctc_a', 'ctc_b', 'ctc_c']
const words = ['refund', 'refunded', 'invoice', 'Straße', 'hello', 'order-4711']
const statuses = ['OPEN', 'CLOSED', 'ARCHIVED'] as const
const sources = ['EMAIL', 'CHAT', 'FORM', 'API'] as const
const unknown = { agent: 'agt_unknown', channel: 'chn_unknown', contact: 'ctc_unknown' }

const startMs = Date.UTC(2025, 0, 1)
/** Few different times, so that many are equal. */
const time = fc.integer({ min: 0, max: 60 }).map(minute => new Date(startMs + minute * 60_000))

const conversation = fc.record({
  contact: fc.constantFrom(...contacts),
  channel: fc.option(fc.constantFrom(...channels)),
  agent: fc.option(fc.constantFrom(...agents)),
  status: fc.constantFrom(...statuses),
  source: fc.constantFrom(...sources),
  subject: fc.option(fc.constantFrom(...words)),
  isUnread: fc.boolean(),
  createdAt: time,
  replyMinutes: fc.integer({ min: 0, max: 5 }),
  texts: fc.tuple(fc.constantFrom(...words), fc.constantFrom(...words)),
})

/** A random inbox: the records to insert, and its conversations. The ids are those of the workspace alone. */
export const inbox = fc
  .array(conversation, { minLength: 20, maxLength: 120 })
  .map((all): { records: DemoRecords; conversations: Known[] } => {
    const conversations = all.map((each, index) => knownOf(each, index))
    return {
      records: {
        agents: agents.map(id => ({ id, name: id, email: `${id}@example.com` })),
        channels: channels.map(id => ({
          id,
          name: id,
          source: 'EMAIL' as const,
          address: `${id}@example.com`,
        })),
        contacts: contacts.map(id => ({ id, name: `Name ${id}`, email: `${id}@example.com` })),
        stories: conversations.map((each, index) => storyOf(each, index)),
      },
      conversations,
    }
  })

type Drawn = typeof conversation extends fc.Arbitrary<infer Value> ? Value : never

const knownOf = (each: Drawn, index: number): Known => ({
  id: `thd_${String(index).padStart(4, '0')}`,
  status: each.status,
  source: each.source,
  subject: each.subject,
  isUnread: each.isUnread,
  createdAt: each.createdAt,
  lastMessageAt: new Date(each.createdAt.getTime() + each.replyMinutes * 60_000),
  contactId: each.contact,
  channelId: each.channel,
  assignedToId: each.agent,
  texts: [...each.texts],
})

const storyOf = (known: Known, index: number): DemoRecords['stories'][number] => ({
  conversation: {
    id: known.id,
    contact_id: known.contactId,
    channel_id: known.channelId,
    assigned_to_id: known.assignedToId,
    status: known.status,
    source: known.source,
    subject: known.subject,
    is_unread: known.isUnread,
  },
  messages: known.texts.map((text, place) => ({
    id: `msg_${index}x${place}`,
    direction: 'INBOUND' as const,
    text,
    author_id: known.contactId,
    at: place === 0 ? known.createdAt : known.lastMessageAt,
  })),
})

const some = <Value>(...values: Value[]) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 }))
const range = fc.option(fc.record({ from: fc.option(time), before: fc.option(time) }))

/** A random filter. Most have few conditions, as most that are sent. */
export const filter: fc.Arbitrary<ConversationFilter> = fc.record({
  status: some(...statuses),
  source: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, some(...sources)),
  assignedToId: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, some(...agents, unknown.agent)),
  isAssigned: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.boolean()),
  isUnread: fc.option(fc.boolean()),
  contactId: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, some(...contacts, unknown.contact)),
  channelId: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, some(...channels, unknown.channel)),
  lastMessageAt: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, range),
  createdAt: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, range),
})

export const order: fc.Arbitrary<ConversationOrder> = fc.record({
  by: fc.constantFrom('lastMessageAt', 'createdAt'),
  descending: fc.boolean(),
})

/** What is searched for, and what a text of the same word looks like. Null: nothing. */
export const search = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  fc.constantFrom(
    'refund',
    'REFUNDED',
    'strasse',
    'inv',
    'order',
    '4711',
    'hello refund',
    'name agt',
    'a@example.com',
  ),
)

const folded = (text: string) => text.toLowerCase().replaceAll('ß', 'ss')

/** Whether a conversation has all words of a search, the last one as a beginning. A rule of its own, for few words. */
export function hasWords({ subject, texts, contactId }: Known, searched: string): boolean {
  const all = [subject ?? '', ...texts, `Name ${contactId}`, `${contactId}@example.com`].map(folded).join(' ')
  const parts = new Set(all.split(/[ \-_.@]/))
  const wanted = folded(searched).split(' ')
  return wanted.every((word, index) => {
    if (/[-_.@]/.test(word)) return all.split(' ').some(one => one.endsWith(word) || one.includes(word))
    return index < wanted.length - 1 ? parts.has(word) : [...parts].some(part => part.startsWith(word))
  })
}

const within = (at: Date, bounds: { from: Date | null; before: Date | null } | null) =>
  (bounds?.from == null || at >= bounds.from) && (bounds?.before == null || at < bounds.before)

/** The filter, written over rows in memory. */
export const isMatch = (each: Known, wanted: ConversationFilter): boolean =>
  (wanted.status?.includes(each.status) ?? true) &&
  (wanted.source?.includes(each.source) ?? true) &&
  (wanted.assignedToId === null || wanted.assignedToId.some(id => id === each.assignedToId)) &&
  (wanted.isAssigned === null || wanted.isAssigned === (each.assignedToId !== null)) &&
  (wanted.isUnread === null || wanted.isUnread === each.isUnread) &&
  (wanted.contactId?.includes(each.contactId) ?? true) &&
  (wanted.channelId === null || wanted.channelId.some(id => id === each.channelId)) &&
  within(each.lastMessageAt, wanted.lastMessageAt) &&
  within(each.createdAt, wanted.createdAt)

/** The ids of the matching conversations, in an order. */
export function idsInOrder(all: readonly Known[], { by, descending }: ConversationOrder): string[] {
  const ascending = all.toSorted((a, b) => a[by].getTime() - b[by].getTime() || (a.id < b.id ? -1 : 1))
  return (descending ? ascending.reverse() : ascending).map(({ id }) => id)
}
