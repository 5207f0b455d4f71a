import { sql } from 'kysely'
import type { Db, Reader } from '../../db/db.ts'
import { type OneOrMany, oneOrMany, parentRows } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { TimedOut } from '../../db/unavailable.ts'
import { withSettings } from '../../db/with-settings.ts'
import { matching } from './branch-queries.ts'
import type { Parent } from './branches.ts'
import { type ConversationFilter, type FilterShape, type FilterValues, partsOf } from './filter.ts'

/** A number of matching conversations: exact, or the least that is known. */
export type Total = { atLeast: number; isExact: boolean }

/** Beyond this nobody reads a number as one, and counting costs. */
const maxCounted = 10_000
/** Where no index serves the filter, a number is not worth more. */
const maxCountingMs = 300

const unknown: Total = { atLeast: 0, isExact: false }
export const noneCounted: Total = { atLeast: 0, isExact: true }

const upTo = (counted: number): Total =>
  counted > maxCounted ? { atLeast: maxCounted, isExact: false } : { atLeast: counted, isExact: true }

type Counting = { workspaceId: string; filter: FilterValues }

const counted = reusable(
  (reader: Reader, { workspaceId, filter: values }: Counting, shape: FilterShape) =>
    reader
      .selectFrom(
        matching(reader, workspaceId, { shape, values, parent: null }, maxCounted + 1)
          .select(sql.lit(1).as('one'))
          .as('found'),
      )
      .select(eb => eb.fn.countAll<number>().as('total')),
  'last',
)

/** How many conversations of a workspace match, without its search; not exact above 10,000 or after 0.3 s. */
export async function countConversations(
  db: Db,
  workspaceId: string,
  filter: ConversationFilter,
): Promise<Total> {
  const parts = partsOf(filter)
  if (!parts) return noneCounted
  const rows = await inTime(db, reader => counted(reader, { workspaceId, filter: parts.values }, parts.shape))
  return rows === null ? unknown : upTo(rows[0]?.total ?? 0)
}

const countedOfParents = reusable(
  (
    reader: Reader,
    { workspaceId, of, filter: values }: Counting & { of: OneOrMany<string> },
    { parent, ...shape }: FilterShape & { parent: Parent },
  ) =>
    reader
      .selectFrom(parentRows(of))
      .innerJoinLateral(
        eb =>
          eb
            .selectFrom(
              matching(eb, workspaceId, { shape, values, parent }, maxCounted + 1)
                .select(sql.lit(1).as('one'))
                .as('found'),
            )
            .select(inner => inner.fn.countAll<number>().as('total'))
            .as('counted'),
        join => join.onTrue(),
      )
      .select(['parent.id', 'counted.total']),
  'last',
)

/** How many conversations of each parent match, as `countConversations`. A contact has few, which need no limit of time. */
export async function countConversationsOf(
  db: Db,
  workspaceId: string,
  parents: readonly string[],
  { parent, filter }: { parent: Parent; filter: ConversationFilter },
): Promise<Map<string, Total>> {
  const parts = partsOf(filter)
  if (!parts) return new Map(parents.map(id => [id, noneCounted]))
  const values = { workspaceId, of: oneOrMany(parents), filter: parts.values }
  const count = (reader: Reader) => countedOfParents(reader, values, { ...parts.shape, parent })
  const rows = parent === 'contact' ? await count(db) : await inTime(db, count)
  if (rows === null) return new Map(parents.map(id => [id, unknown]))
  return new Map(rows.map(({ id, total }) => [id, upTo(total)]))
}

/** Null: it took too long. */
async function inTime<Row>(db: Db, count: (reader: Reader) => Promise<Row[]>): Promise<Row[] | null> {
  try {
    return await withSettings(db, { statement_timeout: `${maxCountingMs}` }, count)
  } catch (error) {
    if (error instanceof TimedOut) return null
    throw error
  }
}
