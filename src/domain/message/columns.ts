import { type Selection, sql } from 'kysely'
import type { Tables } from '../../db/db.ts'

/** Longer texts of one statement are read by themselves, when their bytes have been counted. */
const maxTextAlongBytes = 262_144

/** The texts of all rows of a statement, or null in each if they are too long together. */
const textAlong = sql<
  string | null
>`case when sum(octet_length(message.text)) over () <= ${sql.lit(maxTextAlongBytes)} then message.text end`.as(
  'text',
)

/** Columns of messages. All statements read the first group, and the others only when an operation needs them. */
const groups = {
  always: ['id', 'direction', 'created_at as createdAt'],
  conversationId: ['conversation_id as conversationId'],
  status: ['status'],
  preview: ['preview'],
  // The size of a text is known without reading it (PostgreSQL keeps it beside the compressed value).
  textBytes: [sql<number>`octet_length(text)`.as('textBytes')],
  wholeRows: [
    'author_id as authorId',
    'sent_at as sentAt',
    'failure_reason as failureReason',
    'dmarc_failed as dmarcFailed',
  ],
  text: [textAlong],
} as const

type Group = keyof typeof groups

/**
 * What a statement about messages reads beside ids, directions and times. `text`: the texts, unless they are too long
 * together. `wholeRows`: the columns that few operations select.
 */
export type MessageColumns = Record<Exclude<Group, 'always' | 'conversationId'>, boolean>

type Asked = Partial<MessageColumns> & { conversationId: boolean }

const isChosen = (group: Group, asked: Asked): boolean => group === 'always' || asked[group] === true

const chosen = <Column>(of: Record<Group, readonly Column[]>, asked: Asked): Column[] =>
  (Object.keys(of) as Group[]).flatMap(group => (isChosen(group, asked) ? of[group] : []))

type Column = (typeof groups)[Exclude<Group, 'text'>][number]

/** All columns but the text. */
export const columns = chosen<Column>(
  { ...groups, text: [] },
  { conversationId: true, status: true, preview: true, textBytes: true, wholeRows: true },
)

/** The columns that are asked for. Their type has all of them. */
export const columnsOf = (asked: MessageColumns) =>
  chosen<(typeof groups)[Group][number]>(groups, { ...asked, conversationId: true })

/** A message or a note of a conversation, without its text. */
export type Message = Selection<Tables, 'message', Column>

/** A message, and its text if that was read along. Columns that no statement needed to read are undefined. */
export type MessageAlong = Pick<Message, 'id' | 'conversationId' | 'direction' | 'createdAt'> &
  Partial<Message> & { text?: string | null }

export type Direction = Message['direction']

const groupOf = {
  id: 'always',
  direction: 'always',
  createdAt: 'always',
  conversationId: 'conversationId',
  status: 'status',
  preview: 'preview',
  textBytes: 'textBytes',
  authorId: 'wholeRows',
  sentAt: 'wholeRows',
  failureReason: 'wholeRows',
  dmarcFailed: 'wholeRows',
} as const satisfies Record<keyof Message, Group>

/** What is asked for in a statement around one with the columns. */
export function namesOf(asked: MessageColumns & { conversationId: boolean }) {
  const names = Object.keys(groupOf) as (keyof Message)[]
  const shown = names.filter(name => isChosen(groupOf[name], asked)).map(name => `message.${name}` as const)
  return asked.text ? [...shown, textAlong] : shown
}
