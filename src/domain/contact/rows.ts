import { type Selection, sql } from 'kysely'
import type { Reader, Tables, Writer } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { notFound } from '../errors.ts'
import { isId, newId } from '../id.ts'
import { address } from '../input.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'
import { addContactName } from '../search/keep.ts'
import { lexemesOf } from '../search/lexemes.ts'

export const columns = ['id', 'email', 'name', 'avatar_url as avatarUrl', 'created_at as createdAt'] as const

/** A person outside the team who writes to it. */
export type Contact = Selection<Tables, 'contact', (typeof columns)[number]>

/** A contact as it is read along with a conversation: the time is undefined unless whole rows are read. */
export type BriefContact = Omit<Contact, 'createdAt'> & { createdAt: Date | undefined }

const now = sql<Date>`clock_timestamp()::timestamptz(3)`.as('at')

export const newestFirst: Sort = { column: 'created_at', descending: true }

const contactsOf = (reader: Reader, workspaceId: string) =>
  reader.selectFrom('contact').select(columns).where('workspace_id', '=', workspaceId)

const byIds = reusable((reader, { workspaceId, ids }: { workspaceId: string; ids: OneOrMany<string> }) =>
  contactsOf(reader, workspaceId).where(oneOf('id', ids)),
)

const pageStatement = reusable(
  (reader, { workspaceId, page }: { workspaceId: string; page: PageBounds }, { backward }: Backward) =>
    paged(contactsOf(reader, workspaceId), newestFirst, { ...page, backward }),
)

/** The workspace's contacts with these ids, in any order. */
export async function contactsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Contact[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) })
}

/** The contact with this address, ignoring case; null: there is none, or the text is not an address. */
export async function contactByEmail(
  reader: Reader,
  workspaceId: string,
  text: string,
): Promise<Contact | null> {
  const { data: email } = address.safeParse(text)
  if (email === undefined) return null
  const contact = await contactsOf(reader, workspaceId)
    // The database may have other rules for a value than for its column.
    .where(sql<boolean>`lower(email) = ${email.toLowerCase()}`)
    .executeTakeFirst()
  return contact ?? null
}

/** One page of a workspace's contacts, newest first; see `paged`. */
export async function contactPage(reader: Reader, workspaceId: string, page: Page): Promise<Contact[]> {
  return pageStatement(reader, { workspaceId, page: boundsOf(page) }, { backward: page.backward })
}

type ByEmail = { workspaceId: string; email: string }

/** The outer select runs when the inner one has its lock; in a single select the clock could be read before the wait. */
const lockedByEmail = reusable(
  (writer: Writer, { workspaceId, email }: ByEmail) =>
    writer
      .with('locked', () =>
        contactsOf(writer, workspaceId).where(sql<boolean>`lower(email) = ${email}`).forNoKeyUpdate(),
      )
      .selectFrom('locked')
      .selectAll()
      .select(now),
  'first',
)

type New = ByEmail & { id: string; name: string | null; lexemes: readonly string[] }

const upserted = reusable(
  (writer: Writer, { workspaceId, id, email, name, lexemes }: New) =>
    writer
      .insertInto('contact')
      .values({
        workspace_id: workspaceId,
        id,
        email,
        name,
        words: sql`array_to_tsvector(${lexemes}::text[])`,
      })
      .onConflict(conflict =>
        conflict.expression(sql`workspace_id, lower(email)`).doUpdateSet(eb => ({
          name: eb.fn.coalesce('contact.name', 'excluded.name'),
          // Words that are yet to be added by the job are left to it.
          words: sql`case when contact.name is null and contact.words is not null then excluded.words else contact.words end`,
        })),
      ),
  'ahead',
)

/**
 * Finds the contact with this address, or creates it, and locks it. A name fills an empty name and never replaces one;
 * null: no name. If two transactions create the same contact, the second waits and then finds it.
 * @returns the contact, and the time of the change
 */
export async function upsertContact(
  writer: Writer,
  workspaceId: string,
  { email, name }: { email: string; name: string | null },
): Promise<{ contact: Contact; at: Date }> {
  const lock = { workspaceId, email: email.toLowerCase() }
  const [earlier] = await lockedByEmail(writer, lock)
  if (earlier && (name === null || earlier.name !== null)) return withTime(earlier)
  const id = newId('contact')
  const lexemes = lexemesOf(workspaceId, [name, email])
  await upserted(writer, { workspaceId, id, email, name, lexemes })
  const [row] = await lockedByEmail(writer, lock)
  if (!row) throw new Error('A contact that is written is found by its address.')
  // Its conversations are found by a name that is given here, or by another transaction that has created it meanwhile.
  if (row.id !== id && row.name !== null) await addContactName(writer, workspaceId, row.id, row.name)
  return withTime(row)
}

const withTime = ({ at, ...contact }: Contact & { at: Date }) => ({ contact, at })

/** The workspace's contact with this id, and the current time. @throws Refusal NOT_FOUND */
export async function requireContact(
  reader: Reader,
  workspaceId: string,
  id: string,
): Promise<{ contact: Contact; at: Date }> {
  const row = isId('contact', id)
    ? await contactsOf(reader, workspaceId).select(now).where('id', '=', id).executeTakeFirst()
    : undefined
  if (!row) throw notFound('contact', 'contactId')
  return withTime(row)
}
