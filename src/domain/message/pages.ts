import { type AliasedRawBuilder, type Expression, type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { timeInJson } from '../../db/column-types.ts'
import type { Reader, Tables } from '../../db/db.ts'
import { type OneOrMany, oneOrMany, parentRows } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'
import { columnsOf, type Direction, type MessageAlong, type MessageColumns, namesOf } from './columns.ts'

const oldestFirst: Sort = { column: 'created_at', descending: false }

type From = Pick<ExpressionBuilder<Tables, never>, 'selectFrom'>

/** A page of the messages of one conversation, whose id an expression gives, with the columns for the names around it. */
const pageOfConversation = (
  from: From,
  workspaceId: string,
  conversationId: Expression<string>,
  { text, ...asked }: MessageColumns,
  page: PageBounds & Backward,
) =>
  paged(
    from
      .selectFrom('message')
      .select(columnsOf({ ...asked, text: false }))
      .$if(text, query => query.select('text'))
      .where('workspace_id', '=', workspaceId)
      .where('conversation_id', '=', conversationId),
    oldestFirst,
    page,
  )

type Pages = {
  workspaceId: string
  of: OneOrMany<string>
  directions: readonly Direction[] | null
  page: PageBounds
}

const pages = reusable(
  (reader, { workspaceId, of, directions, page }: Pages, { backward, ...asked }: Backward & MessageColumns) =>
    reader
      .selectFrom(parentRows(of))
      .innerJoinLateral(
        eb =>
          pageOfConversation(eb, workspaceId, sql.ref('parent.id'), asked, { ...page, backward })
            .$if(directions !== null, query =>
              query.where(ref => ref('direction', '=', ref.fn.any(ref.val(directions ?? [])))),
            )
            .as('message'),
        join => join.onTrue(),
      )
      .select(namesOf({ ...asked, conversationId: true })),
)

/** Which messages of each conversation a page has. `rowBeyond`: it ends with one row more, if there is one. */
export type MessagePage = { directions: readonly Direction[] | null; page: Page; rowBeyond: boolean }

/**
 * The same page of each conversation's messages, oldest first, in one statement; `directions` null: all. Within each
 * conversation rows are in the order of `paged`.
 */
export async function messagePages(
  reader: Reader,
  workspaceId: string,
  conversationIds: readonly string[],
  { directions, page, rowBeyond, ...asked }: MessageColumns & MessagePage,
): Promise<MessageAlong[]> {
  const values = { workspaceId, of: oneOrMany(conversationIds), directions, page: boundsOf(page, rowBeyond) }
  return pages(reader, values, { ...asked, backward: page.backward })
}

/** The first or last messages of each conversation that a statement reads. They are part of its text. */
export type MessagesAlong = Backward & { limit: number; columns: MessageColumns }

/** Messages as they come in JSON. */
type MessageInJson = Omit<MessageAlong, 'conversationId' | Time> & {
  createdAt: string
  sentAt?: string | null
}
type Time = 'createdAt' | 'sentAt'

/** The rows of a statement about conversations with messages in one column, in the order of `paged`. */
export type MessagesColumn = { messagesInJson?: MessageInJson[] }

/** The column with the messages of the conversation of each row. */
export function messagesColumn(
  from: From,
  workspaceId: string,
  { backward, limit, columns }: MessagesAlong,
): AliasedRawBuilder<MessageInJson[], 'messagesInJson'> {
  const bounds = { backward, limit, after: null, before: null }
  const page = pageOfConversation(from, workspaceId, sql.ref('conversation.id'), columns, bounds)
  const names = namesOf({ ...columns, conversationId: false })
  const shown = from.selectFrom(page.limit(sql.lit(limit)).as('message')).select(names)
  return jsonArrayFrom(shown).as('messagesInJson')
}

/** The messages that were read along with a conversation; null: none were. */
export function messagesInRow({
  id,
  messagesInJson,
}: MessagesColumn & { id: string }): MessageAlong[] | null {
  if (!messagesInJson) return null
  return messagesInJson.map(({ createdAt, sentAt, ...message }) => ({
    ...message,
    conversationId: id,
    createdAt: timeInJson(createdAt) as Date,
    ...(sentAt !== undefined && { sentAt: sentAt === null ? null : (timeInJson(sentAt) as Date) }),
  }))
}
