import { type Selection, sql } from 'kysely'
import type { Reader, Tables, Writer } from '../../db/db.ts'
import { notFound } from '../errors.ts'
import { isId, newId } from '../id.ts'
import { address } from '../input.ts'
import { type Page, paged, type Sort } from '../page.ts'

const columns = ['id', 'email', 'name', 'avatar_url as avatarUrl', 'created_at as createdAt'] as const

/** A person outside who writes to the team. */
export type Contact = Selection<Tables, 'contact', (typeof columns)[number]>

const now = sql<Date>`clock_timestamp()::timestamptz(3)`.as('at')

const newestFirst: Sort = { column: 'created_at', descending: true }

const contactsOf = (reader: Reader, workspaceId: string) =>
  reader.selectFrom('contact').select(columns).where('workspace_id', '=', workspaceId)

/** Those of these ids that the workspace has, in any order. */
export async function contactsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Contact[]> {
  return contactsOf(reader, workspaceId).where('id', 'in', ids).execute()
}

/** The contact with this address, without regard to case, or null; a text that is no address finds nobody. */
export async function contactByEmail(
  reader: Reader,
  workspaceId: string,
  text: string,
): Promise<Contact | null> {
  const { data: email } = address.safeParse(text)
  if (email === undefined) return null
  const contact = await contactsOf(reader, workspaceId)
    .where(sql<boolean>`lower(email) = lower(${email})`)
    .executeTakeFirst()
  return contact ?? null
}

/** The contacts of a workspace, newest first. */
export async function contactPage(reader: Reader, workspaceId: string, page: Page): Promise<Contact[]> {
  return paged(contactsOf(reader, workspaceId), newestFirst, page).execute()
}

/**
 * The contact with this address, made if there is none yet, and the time of the change. A name fills an empty one and
 * never overwrites; null is no name. Two changes with the same new address meet here: the second waits and finds it.
 */
export async function upsertContact(
  writer: Writer,
  workspaceId: string,
  { email, name }: { email: string; name: string | null },
): Promise<{ contact: Contact; at: Date }> {
  const { at, ...contact } = await writer
    .insertInto('contact')
    .values({ workspace_id: workspaceId, id: newId('contact'), email, name })
    .onConflict(conflict =>
      conflict
        .expression(sql`workspace_id, lower(email)`)
        .doUpdateSet(eb => ({ name: eb.fn.coalesce('contact.name', 'excluded.name') })),
    )
    .returning([...columns, now])
    .executeTakeFirstOrThrow()
  return { contact, at }
}

/** A contact of the workspace, and the time now. @throws Refusal NOT_FOUND */
export async function requireContact(
  reader: Reader,
  workspaceId: string,
  id: string,
): Promise<{ contact: Contact; at: Date }> {
  const row = isId('contact', id)
    ? await contactsOf(reader, workspaceId).select(now).where('id', '=', id).executeTakeFirst()
    : undefined
  if (!row) throw notFound('contact', 'contactId')
  const { at, ...contact } = row
  return { contact, at }
}
