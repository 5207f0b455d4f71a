import { refusal } from '../domain/errors.ts'
import { seqOf, toCursor } from '../domain/event-cursor.ts'
import type { Key } from '../domain/page.ts'

type Arguments = {
  first?: number | null | undefined
  last?: number | null | undefined
  after?: string | null | undefined
  before?: string | null | undefined
}

const most = 100

/** How the cursors of a list are written and read. @throws Refusal BAD_CURSOR for what it did not write */
export type Cursors<At> = { encode(at: At): string; decode(argument: string, cursor: string): At }

/** A stretch of a list, by places of whatever kind its cursors hold. */
type Stretch<At> = { size: number; backward: boolean; after: At | null; before: At | null }

/**
 * The page that connection arguments ask for. `before` alone counts from the end.
 * @throws Refusal INVALID_INPUT, BAD_CURSOR; nothing is clamped
 */
export function pageOf<At>(
  cursors: Cursors<At>,
  { first, last, after, before }: Arguments,
  usual = 25,
): Stretch<At> {
  if (first != null && last != null) throw refusal('INVALID_INPUT', 'Give first or last, not both.', 'last')
  return {
    size: sizeOf('first', first) ?? sizeOf('last', last) ?? usual,
    backward: last != null || (first == null && before != null && after == null),
    after: after == null ? null : cursors.decode('after', after),
    before: before == null ? null : cursors.decode('before', before),
  }
}

function sizeOf(argument: string, size: number | null | undefined): number | null {
  if (size == null) return null
  if (size < 1 || size > most)
    throw refusal('INVALID_INPUT', `${argument} must be from 1 to ${most}.`, argument)
  return size
}

/**
 * A connection from up to one row more than the page holds, in the order in which they were read: nearest to where the
 * page begins first. `count`, where given, counts all that match, and only if it is asked.
 */
export function connection<Row, At>(
  cursors: Cursors<At>,
  page: Stretch<At>,
  rows: readonly Row[],
  placeOf: (row: Row) => At,
  count?: () => Promise<number>,
) {
  const more = rows.length > page.size
  const nodes = rows.slice(0, page.size)
  if (page.backward) nodes.reverse()
  const edges = nodes.map(node => ({ cursor: cursors.encode(placeOf(node)), node }))
  return {
    edges,
    pageInfo: {
      hasNextPage: page.backward ? page.before !== null : more,
      hasPreviousPage: page.backward ? more : page.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    ...(count ? { count } : {}),
  }
}

const form = /^([\w>]+):(-?[0-9a-z]{1,9}):([a-z]{3}_[0-9A-Za-z]{1,60})$/

/** Cursors of a list that is sorted by time. They name the list and its order: one of another list is refused. */
export function keyCursors(list: string): Cursors<Key> {
  const encode = ({ at, id }: Key) =>
    Buffer.from(`${list}:${at.getTime().toString(36)}:${id}`).toString('base64url')
  return {
    encode,
    decode(argument, cursor) {
      const [, of, at = '', id = ''] = form.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
      const key = { at: new Date(Number.parseInt(at, 36)), id }
      if (of !== list || Number.isNaN(key.at.getTime()) || encode(key) !== cursor)
        throw refusal('BAD_CURSOR', `${argument} is not a cursor of this list in this order.`, argument)
      return key
    },
  }
}

/** The cursors of the event log serve as the cursors of its lists. */
export function eventCursors(workspaceId: string): Cursors<number> {
  return {
    encode: seq => toCursor({ workspaceId, seq }),
    decode(argument, cursor) {
      const seq = seqOf(workspaceId, cursor)
      if (seq === null)
        throw refusal('BAD_CURSOR', `${argument} is not a cursor of this workspace.`, argument)
      return seq
    },
  }
}
