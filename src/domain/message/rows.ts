import { type Insertable, type Selection, sql } from 'kysely'
import type { Reader, Tables, Writer } from '../../db/db.ts'
import { newId } from '../id.ts'
import { type Page, paged, type Sort } from '../page.ts'
import { preview } from './preview.ts'

const columns = [
  'id',
  'conversation_id as conversationId',
  'direction',
  'status',
  'text',
  'preview',
  'author_id as authorId',
  'created_at as createdAt',
  'sent_at as sentAt',
  'failure_reason as failureReason',
] as const

/** One text of a conversation. */
export type Message = Selection<Tables, 'message', (typeof columns)[number]>

export type Direction = Message['direction']

const oldestFirst: Sort = { column: 'created_at', descending: false }

/** Those of these ids that the workspace has, in any order. */
export async function messagesByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Message[]> {
  return reader
    .selectFrom('message')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', ids)
    .execute()
}

/**
 * The same page of each conversation's messages, oldest first, in one statement; `directions` null: of any direction.
 * Rows come in page order within each conversation.
 */
export async function messagePages(
  reader: Reader,
  workspaceId: string,
  conversationIds: readonly string[],
  { directions, page }: { directions: readonly Direction[] | null; page: Page },
): Promise<Message[]> {
  return reader
    .selectFrom(sql<{ id: string }>`unnest(${conversationIds}::text[])`.as<'parent'>(sql`parent(id)`))
    .innerJoinLateral(
      eb =>
        paged(
          eb
            .selectFrom('message')
            .select(columns)
            .where('workspace_id', '=', workspaceId)
            .whereRef('conversation_id', '=', sql.ref('parent.id'))
            .$if(directions !== null, query =>
              query.where(ref => ref('direction', '=', ref.fn.any(ref.val(directions ?? [])))),
            ),
          oldestFirst,
          page,
        ).as('message'),
      join => join.onTrue(),
    )
    .selectAll('message')
    .execute()
}

/** Writes a new message into a conversation of the same workspace; its id and its preview are made here. */
export async function insertMessage(
  writer: Writer,
  message: Omit<Insertable<Tables['message']>, 'id' | 'preview'>,
): Promise<Message> {
  const values = { ...message, id: newId('message'), preview: preview(message.text) }
  return writer.insertInto('message').values(values).returning(columns).executeTakeFirstOrThrow()
}

/** An outbound message at its birth: waiting to be mailed, or SENT where its channel needs no mail server. */
export function outbound(source: Tables['conversation']['source'], at: Date) {
  const direction = 'OUTBOUND' as const
  return source === 'EMAIL' || source === 'FORM'
    ? {
        direction,
        status: 'QUEUED' as const,
        // Whoever asked for it tries at once; the sweep leaves it to them for a moment.
        next_attempt_at: new Date(at.getTime() + 3_000),
      }
    : { direction, status: 'SENT' as const, sent_at: at }
}
