import { sql } from 'kysely'
import type { Reader, Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { setLocally } from '../../db/with-settings.ts'
import { lexemesOf } from './lexemes.ts'
import { queueForSegments } from './segment-queue.ts'

/** The workspaces of which some conversations or contacts are not found by all of their words. */
export async function unsearchableWorkspaces(reader: Reader): Promise<string[]> {
  const rows = await reader
    .selectFrom('workspace')
    .select('id')
    .where('is_searchable', '=', false)
    .orderBy('id')
    .execute()
  return rows.map(row => row.id)
}

/** From now on a search of the workspace finds everything. */
export async function markSearchable(writer: Writer, workspaceId: string): Promise<void> {
  await writer
    .updateTable('workspace')
    .set(eb => ({ is_searchable: true, revision: eb('revision', '+', 1) }))
    .where('id', '=', workspaceId)
    .execute()
}

/** Conversations with very many different words take the index of words long. */
const batchSettings = { statement_timeout: '60000' }

/** A part of a job: after which id it begins, and how many rows it takes. */
type Batch = { after: string; size: number }

/**
 * Adds the words of the next conversations whose words are not complete. They are locked meanwhile, so no new message is
 * missed.
 * @returns the last conversation's id; null: there are no more
 */
export async function completeConversations(
  writer: Writer,
  workspaceId: string,
  { after, size }: Batch,
): Promise<string | null> {
  await setLocally(writer, batchSettings)
  // A contact is locked too, so no name is missed that it gets meanwhile.
  // In parts that the planner cannot join otherwise: a batch costs the same wherever it begins.
  const { rows } = await sql<{ id: string; texts: (string | null)[]; isComplete: boolean | null }>`
    with next as materialized (
      select id, subject, contact_id from conversation where workspace_id = ${workspaceId} and id > ${after}
      order by id limit ${size} for no key update
    )
    select next.id, array[next.subject, contact.name, contact.email] as texts, kept.is_complete as "isComplete"
    from next
      cross join lateral (
        select name, email from contact where workspace_id = ${workspaceId} and id = next.contact_id limit 1 for share
      ) as contact
      left join lateral (
        select is_complete from conversation_words where workspace_id = ${workspaceId} and conversation_id = next.id limit 1
      ) as kept on true
    order by next.id`.execute(writer)
  const incomplete = rows.filter(row => !row.isComplete)
  const words: string[] = []
  for (const { id, texts } of incomplete)
    words.push(await wordsOfConversation(writer, workspaceId, id, texts))
  await sql`
    insert into conversation_words as kept (workspace_id, conversation_id, words, is_complete)
    select ${workspaceId}, id, array_to_tsvector(string_to_array(words, ' ')), true
    from unnest(${incomplete.map(row => row.id)}::text[], ${words}::text[]) as given(id, words)
    on conflict (workspace_id, conversation_id) do update set words = excluded.words, is_complete = true`.execute(
    writer,
  )
  await queueForSegments(
    writer,
    workspaceId,
    incomplete.map(({ id }) => id),
  )
  return rows.at(-1)?.id ?? null
}

const messagesAtOnce = 50

type Texts = { workspaceId: string; conversationId: string; after: string; size: number }

const nextTexts = reusable((writer: Writer, { workspaceId, conversationId, after, size }: Texts) =>
  writer
    .selectFrom('message')
    .select(['id', 'text'])
    .where('workspace_id', '=', workspaceId)
    .where('conversation_id', '=', conversationId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(size),
)

/** PostgreSQL holds 1 MB of words. As when a message is added, words beyond this are left out. */
const maxKeptBytes = 400_000

/** The words of a conversation, separated by spaces. Its texts are read in parts, as they may be long. */
async function wordsOfConversation(
  writer: Writer,
  workspaceId: string,
  conversationId: string,
  texts: (string | null)[],
): Promise<string> {
  const words = new Set(lexemesOf(workspaceId, texts))
  let bytes = 0
  let after = ''
  for (;;) {
    const messages = await nextTexts(writer, { workspaceId, conversationId, after, size: messagesAtOnce })
    for (const word of lexemesOf(
      workspaceId,
      messages.map(({ text }) => text),
    )) {
      if (!words.has(word)) bytes += Buffer.byteLength(word)
      if (bytes <= maxKeptBytes) words.add(word)
    }
    after = messages.at(-1)?.id ?? ''
    if (messages.length < messagesAtOnce) return [...words].join(' ')
  }
}

/** Adds the words of the next contacts that have none. @returns the last contact's id; null: there are no more */
export async function completeContacts(
  writer: Writer,
  workspaceId: string,
  { after, size }: Batch,
): Promise<string | null> {
  const contacts = await writer
    .selectFrom('contact')
    .select(['id', 'name', 'email'])
    .where('workspace_id', '=', workspaceId)
    .where('id', '>', after)
    .where('words', 'is', null)
    .orderBy('id')
    .limit(size)
    .forNoKeyUpdate()
    .execute()
  const words = contacts.map(({ name, email }) => lexemesOf(workspaceId, [name, email]).join(' '))
  await sql`
    update contact set words = array_to_tsvector(string_to_array(given.words, ' '))
    from unnest(${contacts.map(contact => contact.id)}::text[], ${words}::text[]) as given(id, words)
    where contact.workspace_id = ${workspaceId} and contact.id = given.id`.execute(writer)
  return contacts.at(-1)?.id ?? null
}
