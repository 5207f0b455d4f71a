import { refusal } from '../../domain/errors.ts'
import { seqOf, toCursor } from '../../domain/event/cursor.ts'
import type { Keyset } from '../../domain/page.ts'

/** Writes and reads the cursors of a list. @throws Refusal BAD_CURSOR for a cursor that it did not write */
export type Cursors<At> = { encode(at: At): string; decode(argument: string, cursor: string): At }

const timeCursorForm = /^([\w>]+):(-?[0-9a-z]{1,9}):([a-z]{3}_[0-9A-Za-z]{1,60})$/

/**
 * The cursors of a list that is sorted by time. They name the list and its order, so a cursor of another list is
 * refused.
 */
export function timeCursors(list: string): Cursors<Keyset> {
  const encode = ({ at, id }: Keyset) =>
    Buffer.from(`${list}:${at.getTime().toString(36)}:${id}`).toString('base64url')
  return {
    encode,
    decode(argument, cursor) {
      const [, of, at = '', id = ''] =
        timeCursorForm.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
      const key = { at: new Date(Number.parseInt(at, 36)), id }
      if (of !== list || Number.isNaN(key.at.getTime()) || encode(key) !== cursor)
        throw refusal('BAD_CURSOR', `${argument} is not a cursor of this list in this order.`, argument)
      return key
    },
  }
}

/** Lists of events use the cursors of the event log. */
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
