import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { lexemesOf } from './lexemes.ts'
import { queueForSegments } from './segment-queue.ts'

/** New words are added to a conversation as long as it has no more than this: PostgreSQL holds 1 MB. */
const maxKeptBytes = 400_000

/** The words by which a conversation is found, as `lexemesOf` makes them. */
export type FoundBy = { workspaceId: string; conversationId: string; lexemes: readonly string[] }

const added = reusable(
  (writer: Writer, { workspaceId, conversationId, lexemes }: FoundBy, { isNew }: { isNew: boolean }) =>
    writer
      .insertInto('conversation_words')
      .values({
        workspace_id: workspaceId,
        conversation_id: conversationId,
        words: sql`array_to_tsvector(${lexemes}::text[])`,
        is_complete: sql.lit(isNew),
      })
      .onConflict(conflict =>
        conflict
          .columns(['workspace_id', 'conversation_id'])
          .doUpdateSet({ words: sql`conversation_words.words || excluded.words` })
          // The size is looked at first: PostgreSQL cannot join words of more than 1 MB.
          .where(sql<boolean>`case when octet_length(tsvectorsend(conversation_words.words)) <= ${sql.lit(maxKeptBytes)}
          then length(conversation_words.words || excluded.words) > length(conversation_words.words) else false end`),
      ),
  'ahead',
)

/**
 * Lets a conversation be found by further words. The caller has locked the conversation.
 * @param isNew whether these are all words of the conversation
 */
export async function addWords(writer: Writer, words: FoundBy, isNew: boolean): Promise<void> {
  await added(writer, words, { isNew })
  await queueForSegments(writer, words.workspaceId, [words.conversationId])
}

/** A machine may have written very many before somebody gives it a name. */
const maxNamed = 500

const named = reusable(
  (
    _: Writer,
    { workspaceId, contactId, lexemes }: Omit<FoundBy, 'conversationId'> & { contactId: string },
  ) => sql<{ id: string }>`
    update conversation_words as kept set words = kept.words || array_to_tsvector(${lexemes}::text[])
    from (
      select id from conversation where workspace_id = ${workspaceId} and contact_id = ${contactId}
      order by last_message_at desc, id desc limit ${sql.lit(maxNamed)}
    ) as newest
    where kept.workspace_id = ${workspaceId} and kept.conversation_id = newest.id
    returning kept.conversation_id as id`,
)

/** Lets the newest 500 conversations of a contact be found by a name that it did not have before. The contact is locked. */
export async function addContactName(
  writer: Writer,
  workspaceId: string,
  contactId: string,
  name: string,
): Promise<void> {
  const lexemes = lexemesOf(workspaceId, [name])
  const conversations = await named(writer, { workspaceId, contactId, lexemes })
  await queueForSegments(
    writer,
    workspaceId,
    conversations.map(({ id }) => id),
  )
}
