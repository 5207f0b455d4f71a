import { refusal } from '../domain/errors.ts'
import type { Key, Page } from '../domain/page.ts'

type Arguments = {
  first?: number | null | undefined
  last?: number | null | undefined
  after?: string | null | undefined
  before?: string | null | undefined
}

const most = 100

/**
 * The page that connection arguments ask for. `list` names the list and its order: a cursor of another one is refused.
 * `before` alone counts from the end. @throws Refusal INVALID_INPUT, BAD_CURSOR; nothing is clamped
 */
export function pageOf(list: string, { first, last, after, before }: Arguments, usual = 25): Page {
  if (first != null && last != null) throw refusal('INVALID_INPUT', 'Give first or last, not both.', 'last')
  return {
    size: sizeOf('first', first) ?? sizeOf('last', last) ?? usual,
    backward: last != null || (first == null && before != null && after == null),
    after: after == null ? null : decode(list, 'after', after),
    before: before == null ? null : decode(list, 'before', before),
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
export function connection<Row>(
  list: string,
  page: Page,
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
  count?: () => Promise<number>,
) {
  const more = rows.length > page.size
  const nodes = rows.slice(0, page.size)
  if (page.backward) nodes.reverse()
  const edges = nodes.map(node => ({ cursor: encode(list, keyOf(node)), node }))
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

const encode = (list: string, { at, id }: Key) =>
  Buffer.from(`${list}:${at.getTime().toString(36)}:${id}`).toString('base64url')

const form = /^([\w>]+):(-?[0-9a-z]{1,9}):([a-z]{3}_[0-9A-Za-z]{1,60})$/

function decode(list: string, argument: string, cursor: string): Key {
  const [, of, at = '', id = ''] = form.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  const key = { at: new Date(Number.parseInt(at, 36)), id }
  if (of !== list || Number.isNaN(key.at.getTime()) || encode(list, key) !== cursor)
    throw refusal('BAD_CURSOR', `${argument} is not a cursor of this list in this order.`, argument)
  return key
}
