import type { Total } from '../../domain/conversation/count.ts'
import { refusal } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Page } from '../../domain/page.ts'
import type { Cursors } from './cursors.ts'

/** The page size of a list at the root, and of a nested list. */
export const defaultRootSize = 25
export const defaultNestedSize = 10

/** The arguments of every connection. */
export type ConnectionArguments = {
  first?: number | null | undefined
  last?: number | null | undefined
  after?: string | null | undefined
  before?: string | null | undefined
}

/** How many rows a page has, and from which end they are counted, if its arguments are valid. */
export const extentOf = (
  { first, last, after, before }: ConnectionArguments,
  defaultSize: number,
  maxPageSize: number,
) => ({
  size: first ?? last ?? Math.min(defaultSize, maxPageSize),
  backward: last != null || (first == null && before != null && after == null),
})

/**
 * The page that connection arguments describe. `before` alone counts from the end. Nothing is clamped.
 * @throws Refusal INVALID_INPUT, BAD_CURSOR
 */
export function pageOf<At>(
  { limits: { maxPageSize } }: { limits: Pick<Limits, 'maxPageSize'> },
  cursors: Cursors<At>,
  args: ConnectionArguments,
  defaultSize = defaultRootSize,
): Page<At> {
  const { first, last, after, before } = args
  if (first != null && last != null) throw refusal('INVALID_INPUT', 'Give first or last, not both.', 'last')
  for (const [argument, size] of Object.entries({ first, last }))
    if (size != null && !(size >= 1 && size <= maxPageSize))
      throw refusal('INVALID_INPUT', `${argument} must be from 1 to ${maxPageSize}.`, argument)
  return {
    ...extentOf(args, defaultSize, maxPageSize),
    after: after == null ? null : cursors.decode('after', after),
    before: before == null ? null : cursors.decode('before', before),
  }
}

/** A row of a page. Its cursor is made when it is read: most queries select none. */
class Edge<Row> {
  readonly node: Row
  readonly #cursorOf: (node: Row) => string

  constructor(node: Row, cursorOf: (node: Row) => string) {
    this.node = node
    this.#cursorOf = cursorOf
  }

  get cursor(): string {
    return this.#cursorOf(this.node)
  }
}

/** What is known about a page. A class, as the engine keeps what a getter of a literal refers to for long. */
class PageInfo<Row> {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly #edges: readonly Edge<Row>[]

  constructor(page: Page<unknown>, more: boolean, edges: readonly Edge<Row>[]) {
    this.hasNextPage = page.backward ? page.before !== null : more
    this.hasPreviousPage = page.backward ? more : page.after !== null
    this.#edges = edges
  }

  get startCursor(): string | null {
    return this.#edges[0]?.cursor ?? null
  }

  get endCursor(): string | null {
    return this.#edges.at(-1)?.cursor ?? null
  }
}

/**
 * Makes a connection from up to one row more than the page holds, in the order of `paged`: backward pages come in
 * reverse. `count` counts all matching rows, and is called only if the total is selected.
 */
export function connection<Row, At>(
  cursors: Cursors<At>,
  page: Page<At>,
  rows: readonly Row[],
  placeOf: (row: Row) => At,
  count?: () => Promise<Total>,
) {
  const more = rows.length > page.size
  const nodes = rows.slice(0, page.size)
  if (page.backward) nodes.reverse()
  const cursorOf = (node: Row) => cursors.encode(placeOf(node))
  const edges = nodes.map(node => new Edge(node, cursorOf))
  return {
    edges,
    pageInfo: new PageInfo(page, more, edges),
    shown: edges.length,
    ...(count ? { count } : {}),
  }
}
