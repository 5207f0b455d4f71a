import { createHash } from 'node:crypto'
import type { Reader } from '../db/db.ts'
import { refusal } from './errors.ts'

const tagLength = 8
const seqLength = 11
const form = new RegExp(`^[0-9a-v]{${tagLength + seqLength}}$`)

/** Forty bits of the workspace's hash: a cursor shows where it belongs without a look into the database. */
function tagOf(workspaceId: string): string {
  const bits = createHash('sha256').update(workspaceId).digest().readUIntBE(0, 5)
  return bits.toString(32).padStart(tagLength, '0')
}

/** The position right after an event, as clients hold it: of fixed width, sorting as strings in log order. */
export function toCursor(position: { workspaceId: string; seq: number }): string {
  return tagOf(position.workspaceId) + position.seq.toString(32).padStart(seqLength, '0')
}

/** The number in a cursor of this workspace, or null for anything else. */
export function seqOf(workspaceId: string, cursor: string): number | null {
  if (!form.test(cursor) || !cursor.startsWith(tagOf(workspaceId))) return null
  return Number.parseInt(cursor.slice(tagLength), 32)
}

/**
 * The number from which to go on, for a cursor that a client hands back.
 *
 * @throws Refusal BAD_CURSOR when it is none of this workspace's or lies beyond the log; CURSOR_EXPIRED when events
 * after it have been deleted. To a client both say: query again, then subscribe with the new cursor.
 */
export async function resumeAt(reader: Reader, workspaceId: string, cursor: string): Promise<number> {
  const seq = seqOf(workspaceId, cursor)
  const { head, floor } = await logBounds(reader, workspaceId)
  if (seq === null || seq > head)
    throw refusal('BAD_CURSOR', 'This is not a cursor of this workspace.', 'after')
  if (seq < floor) throw expired()
  return seq
}

/** Refuses to go on from a number after which events have been deleted. @throws Refusal CURSOR_EXPIRED */
export async function requireKept(reader: Reader, workspaceId: string, seq: number): Promise<void> {
  const { floor } = await logBounds(reader, workspaceId)
  if (seq < floor) throw expired()
}

const expired = () =>
  refusal('CURSOR_EXPIRED', 'The events after this cursor have been deleted. Query again.', 'after')

/** An event's id is its cursor behind the prefix: it needs no column and no index of its own. */
export function eventId(event: { workspaceId: string; seq: number }): string {
  return `evt_${toCursor(event)}`
}

/** Where the log of a workspace ends (`head`, its newest number) and where it begins (numbers up to `floor` are deleted). */
export async function logBounds(
  reader: Reader,
  workspaceId: string,
): Promise<{ head: number; floor: number }> {
  return reader
    .selectFrom('workspace')
    .select(['event_seq as head', 'event_floor as floor'])
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow()
}
