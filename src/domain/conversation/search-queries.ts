import { type AliasedExpression, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, type PageBounds, paged } from '../page.ts'
import type { IndexQuery } from '../search/lexemes.ts'
import { isNamed, ofWorkspace, type WalkedRows } from '../search/probe.ts'
import { type Along, readAlong } from './along.ts'
import { inOrder, listed, sortOf } from './branch-queries.ts'
import { type Condition, type ConversationOrder, conditionsOf } from './branches.ts'
import type { FilterShape, FilterValues } from './filter.ts'
import { columns } from './rows.ts'

type Shape = Backward & { filter: FilterShape; order: ConversationOrder; along: Along }
/** `keptSize`: see keptSizeOf. */
type WalkShape = Shape & { rows: WalkedRows; keptSize: number | null }
type Searching = { workspaceId: string; filter: FilterValues; page: PageBounds }
type Conversations = SelectQueryBuilder<Tables, 'conversation', object>

/** The conversations with these ids, and conditions that they must meet. */
function ofIds(
  reader: Reader,
  found: AliasedExpression<{ found: string }, 'found'>,
  workspaceId: string,
  conditions: readonly Condition[],
): Conversations {
  return reader.selectFrom(found).innerJoinLateral(
    eb =>
      eb
        .selectFrom('conversation')
        .selectAll()
        .where('conversation.workspace_id', '=', workspaceId)
        .whereRef('conversation.id', '=', sql.ref('found.found'))
        .where(inner => inner.and(conditions.map(condition => condition(inner))))
        // With a limit it is not made a join of another kind, which would read all conversations.
        .limit(sql.lit(1))
        .as('conversation'),
    join => join.onTrue(),
  ) as unknown as Conversations
}

/**
 * Reads the words of all rows that are walked, in the order of their ids: that takes a third of what it takes to look up
 * those of one row after the other.
 */
export const walked = reusable(
  (
    reader,
    { workspaceId, filter: values, page, query }: Searching & { query: string },
    { backward, along, order, filter, rows, keptSize }: WalkShape,
  ) => {
    const filtering = { shape: filter, values, order, parent: null }
    const sort = sortOf(order)
    const list = listed(
      reader,
      workspaceId,
      filtering,
      { ...page, backward, limit: rows },
      keptSize && rows,
    ).select(['conversation.id', sql.ref<Date>(`conversation.${sort.column}`).as('at')])
    // As a condition with a value of its own, it is not made a join, whose plan would depend on what is expected.
    const matches = sql<{ id: string; at: Date }>`(
      with walked as materialized (${list})
      select id, at from walked where (id in (
        select conversation_id from conversation_words
        where workspace_id = ${workspaceId} and conversation_id = any(array(select id from walked))
          and words @@ ${query}::tsquery
      )) is true
    )`
    const ids = reader.selectFrom(matches.as<'matches'>(sql`matches`)).select('id as found')
    const first = paged(ids, { ...sort, column: 'at' }, inOrder({ ...page, backward }))
    const shown = keptSize === null ? first : first.limit(sql.lit(keptSize))
    return readAlong(
      paged(
        ofIds(reader, shown.as('found'), workspaceId, []).select(columns),
        sort,
        inOrder({ ...page, backward }),
      ),
      workspaceId,
      along,
    )
  },
)

/** The row behind so many of the list. */
export const beyond = reusable(
  (
    reader,
    { workspaceId, filter: values, page }: Searching,
    { order, backward, filter, rows, keptSize }: WalkShape,
  ) => {
    const filtering = { shape: filter, values, order, parent: null }
    // Each branch of the list ends there.
    const upTo = rows + 1
    return listed(reader, workspaceId, filtering, { ...page, backward, limit: upTo }, keptSize && upTo)
      .select('conversation.id')
      .offset(sql.lit(rows))
  },
)

type LookingUp = Searching & { query: IndexQuery }

export const lookedUp = reusable(
  (reader, { workspaceId, filter: values, page, query }: LookingUp, shape: Shape) => {
    const { order, backward, filter, along } = shape
    const found = sql<{ found: string }>`(
    with found as materialized (
      select conversation_id from conversation_words where ${isNamed(query)} and ${ofWorkspace(workspaceId)}
    ) select * from found
  )`
    const matches = ofIds(
      reader,
      found.as<'found'>(sql`found(found)`),
      workspaceId,
      conditionsOf({ shape: filter, values }),
    )
    // The page is made first, so that nothing is read along with rows that are not shown.
    const shown = paged(matches.selectAll('conversation'), sortOf(order), { ...page, backward })
    const rows = reader.selectFrom(shown.as('conversation')) as unknown as Conversations
    return readAlong(
      paged(rows.select(columns), sortOf(order), inOrder({ ...page, backward })),
      workspaceId,
      along,
    )
  },
)
