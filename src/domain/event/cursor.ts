import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Reader } from '../../db/db.ts'
import { refusal } from '../errors.ts'
import { nouns } from '../nouns.ts'

const tagCharacters = 8
const seqCharacters = 11
const maxTags = 1_000
const cursorForm = new RegExp(`^[0-9a-v]{${tagCharacters + seqCharacters}}$`)

const tags = new LRUCache<string, string>({ max: maxTags, memoMethod: tagged })

function tagged(workspaceId: string): string {
  const bits = hash('sha256', workspaceId, 'buffer').readUIntBE(0, 5)
  return bits.toString(32).padStart(tagCharacters, '0')
}

/** Forty bits of the workspace's hash. They show which workspace a cursor belongs to, without reading the database. */
const tagOf = (workspaceId: string): string => tags.memo(workspaceId)

/** The cursor right after an event. Cursors have a fixed width, and sorted as strings they are in log order. */
export function toCursor(position: { workspaceId: string; seq: number }): string {
  return tagOf(position.workspaceId) + position.seq.toString(32).padStart(seqCharacters, '0')
}

/** The event number in a cursor of this workspace; null: it is not such a cursor. */
export function seqOf(workspaceId: string, cursor: string): number | null {
  if (!cursorForm.test(cursor) || !cursor.startsWith(tagOf(workspaceId))) return null
  return Number.parseInt(cursor.slice(tagCharacters), 32)
}

/**
 * The event number to resume after, for a cursor that a client sends, in a log with these bounds.
 *
 * @throws Refusal BAD_CURSOR if it is not a cursor of this workspace or lies beyond the log; CURSOR_EXPIRED if events
 * after it have been deleted. Both tell a client to query again and to subscribe with the new cursor.
 */
export function resumeAt({ head, floor }: LogBounds, workspaceId: string, cursor: string): number {
  const seq = seqOf(workspaceId, cursor)
  if (seq === null || seq > head)
    throw refusal('BAD_CURSOR', 'This is not a cursor of this workspace.', 'after')
  if (seq < floor) throw expired()
  return seq
}

/** Checks that no event after this number has been deleted. @throws Refusal CURSOR_EXPIRED */
export async function requireKept(reader: Reader, workspaceId: string, seq: number): Promise<void> {
  const { floor } = await logBounds(reader, workspaceId)
  if (seq < floor) throw expired()
}

const expired = () =>
  refusal('CURSOR_EXPIRED', 'The events after this cursor have been deleted. Query again.', 'after')

/** The refusal to go on in a log whose end the database has lost, or which has a new epoch. */
export const lost = () =>
  refusal('CURSOR_EXPIRED', 'The log does not go on from this cursor. Query again.', 'after')

const idPrefix = `${nouns.event.prefix}_`

/** An event's id is its cursor with a prefix, so it needs no column and no index of its own. */
export function eventId(event: { workspaceId: string; seq: number }): string {
  return idPrefix + toCursor(event)
}

/** The event number in an event id of this workspace; null: it is not such an id. */
export function seqOfEventId(workspaceId: string, id: string): number | null {
  return id.startsWith(idPrefix) ? seqOf(workspaceId, id.slice(idPrefix.length)) : null
}

/** `head` is the newest event number of a log; numbers up to `floor` have been deleted. */
export type LogBounds = { head: number; floor: number }

/** The bounds of a workspace's log. */
export async function logBounds(reader: Reader, workspaceId: string): Promise<LogBounds> {
  return reader
    .selectFrom('workspace')
    .select(['event_seq as head', 'event_floor as floor'])
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow()
}
