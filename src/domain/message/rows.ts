import { type Selection, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany, parentRows } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'

const briefColumns = [
  'id',
  'conversation_id as conversationId',
  'direction',
  'status',
  'preview',
  // The size of a text is known without reading it (PostgreSQL keeps it beside the compressed value).
  sql<number>`octet_length(text)`.as('textBytes'),
  'created_at as createdAt',
] as const

/** What a statement reads only for whole rows. */
const otherColumns = [
  'author_id as authorId',
  'sent_at as sentAt',
  'failure_reason as failureReason',
  'dmarc_failed as dmarcFailed',
] as const

export const columns = [...briefColumns, ...otherColumns] as const

/** The names of these columns. */
const briefNames = [
  'message.id',
  'message.conversationId',
  'message.direction',
  'message.status',
  'message.preview',
  'message.textBytes',
  'message.createdAt',
] as const
const otherNames = [
  'message.authorId',
  'message.sentAt',
  'message.failureReason',
  'message.dmarcFailed',
] as const

/** A message or a note of a conversation, without its text. */
export type Message = Selection<Tables, 'message', (typeof columns)[number]>

/** A message, and its text if that was read along. Columns that no statement needed to read are undefined. */
export type MessageAlong = Selection<Tables, 'message', (typeof briefColumns)[number]> &
  Partial<Message> & { text?: string | null }

/** Whether a statement about messages reads their texts along, and all of their columns. */
export type MessageColumns = { text: boolean; wholeRows: boolean }

export type Direction = Message['direction']

const oldestFirst: Sort = { column: 'created_at', descending: false }

type Ids = { workspaceId: string; ids: OneOrMany<string> }

/** Longer texts of one statement are read by themselves, when their bytes have been counted. */
const maxTextAlongBytes = 262_144

/** The texts of all rows of a statement, or null in each if they are too long together. */
const textAlong = sql<
  string | null
>`case when sum(octet_length(message.text)) over () <= ${sql.lit(maxTextAlongBytes)} then message.text end`.as(
  'text',
)

const messagesOf = (reader: Reader, { workspaceId, ids }: Ids) =>
  reader.selectFrom('message').where('workspace_id', '=', workspaceId).where(oneOf('id', ids))

const byIds = reusable((reader, ids: Ids) => messagesOf(reader, ids).select(columns))

const byIdsAlong = reusable((reader, ids: Ids, { text, wholeRows }: MessageColumns) =>
  messagesOf(reader, ids)
    .select(briefColumns)
    .$if(wholeRows, query => query.select(otherColumns))
    .$if(text, query => query.select(textAlong)),
)

const texts = reusable((reader, ids: Ids) => messagesOf(reader, ids).select(['id', 'text']))

/** The workspace's messages with these ids, in any order. */
export async function messagesByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Message[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) })
}

/** The same with the columns that are asked for. */
export async function messagesAlong(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
  asked: MessageColumns,
): Promise<MessageAlong[]> {
  return byIdsAlong(reader, { workspaceId, ids: oneOrMany(ids) }, asked)
}

/** The texts of the workspace's messages with these ids, in any order. */
export async function textsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<{ id: string; text: string }[]> {
  return texts(reader, { workspaceId, ids: oneOrMany(ids) })
}

type Pages = {
  workspaceId: string
  of: OneOrMany<string>
  directions: readonly Direction[] | null
  page: PageBounds
}

const pages = reusable(
  (
    reader,
    { workspaceId, of, directions, page }: Pages,
    { backward, text, wholeRows }: Backward & MessageColumns,
  ) =>
    reader
      .selectFrom(parentRows(of))
      .innerJoinLateral(
        eb =>
          paged(
            eb
              .selectFrom('message')
              .select([...columns, 'text'])
              .where('workspace_id', '=', workspaceId)
              .whereRef('conversation_id', '=', sql.ref('parent.id'))
              .$if(directions !== null, query =>
                query.where(ref => ref('direction', '=', ref.fn.any(ref.val(directions ?? [])))),
              ),
            oldestFirst,
            { ...page, backward },
          ).as('message'),
        join => join.onTrue(),
      )
      .select(briefNames)
      .$if(wholeRows, query => query.select(otherNames))
      .$if(text, query => query.select(textAlong)),
)

/**
 * The same page of each conversation's messages, oldest first, in one statement; `directions` null: all. Within each
 * conversation rows are in the order of `paged`.
 */
export async function messagePages(
  reader: Reader,
  workspaceId: string,
  conversationIds: readonly string[],
  { directions, page, ...asked }: MessageColumns & { directions: readonly Direction[] | null; page: Page },
): Promise<MessageAlong[]> {
  const values = { workspaceId, of: oneOrMany(conversationIds), directions, page: boundsOf(page) }
  return pages(reader, values, { ...asked, backward: page.backward })
}
