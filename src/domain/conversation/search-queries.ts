import { type AliasedExpression, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, type PageBounds, paged } from '../page.ts'
import type { IndexQuery } from '../search/lexemes.ts'
import { hasWords, ofWorkspace, type WalkRows } from '../search/probe.ts'
import { type Along, readAlong } from './along.ts'
import { inOrder, listed, sortOf } from './branch-queries.ts'
import { type Condition, type ConversationOrder, conditionsOf } from './branches.ts'
import type { FilterShape, FilterValues } from './filter.ts'
import { columns } from './rows.ts'

type Shape = Backward & { filter: FilterShape; order: ConversationOrder; along: Along }
/** How far a list is walked. `isKept`: see keepsWalk. */
type Walk = { rows: WalkRows; isKept: boolean }
type Searching = { workspaceId: string; filter: FilterValues; page: PageBounds }
type Conversations = SelectQueryBuilder<Tables, 'conversation', object>

/** The conversations with these ids that meet these conditions. With `all`, an id of no such one gives a row of nulls. */
function ofIds(
  reader: Reader,
  found: AliasedExpression<{ found: string }, 'found'>,
  workspaceId: string,
  { conditions, all }: { conditions: readonly Condition[]; all: boolean },
): Conversations {
  const ids = reader.selectFrom(found)
  const join = (
    all ? ids.leftJoinLateral.bind(ids) : ids.innerJoinLateral.bind(ids)
  ) as typeof ids.innerJoinLateral
  return join(
    eb =>
      eb
        .selectFrom('conversation')
        .selectAll()
        .where('conversation.workspace_id', '=', workspaceId)
        .whereRef('conversation.id', '=', sql.ref('found.found'))
        .where(inner => inner.and(conditions.map(condition => condition(inner))))
        // The limit keeps PostgreSQL from a join of another kind, which would read all conversations.
        .limit(sql.lit(1))
        .as('conversation'),
    join => join.onTrue(),
  ) as unknown as Conversations
}

/**
 * Reads the words of all rows that are walked, in the order of their ids: that takes a third of what it takes to look up
 * those of one row after the other. For the rows see walkedOf.
 */
export const walked = reusable(
  (
    reader,
    { workspaceId, filter: values, page, query }: Searching & { query: string },
    { backward, along, order, filter, rows, isKept }: Shape & Walk,
  ) => {
    const filtering = { shape: filter, values, order, parent: null }
    const sort = sortOf(order)
    const list = listed(
      reader,
      workspaceId,
      filtering,
      { ...page, backward, limit: rows },
      isKept ? rows : null,
    ).select(['conversation.id', sql.ref<Date>(`conversation.${sort.column}`).as('at')])
    // `is true` keeps PostgreSQL from a join, whose kind would depend on what it expects, and from the index of words.
    const matches = sql<{ id: string; at: Date; length: number }>`(
      with walked as materialized (${list})
      select length, id, at from (select count(*) as length from walked) as whole left join walked on (id in (
        select conversation_id from conversation_words
        where workspace_id = ${workspaceId} and conversation_id = any(array(select id from walked))
          and (words @@ ${query}::tsquery) is true
      )) is true
    )`
    const ids = reader.selectFrom(matches.as<'matches'>(sql`matches`)).select(['id as found', 'length'])
    const shown = paged(ids, { ...sort, column: 'at' }, inOrder({ ...page, backward }))
    return readAlong(
      paged(
        ofIds(reader, shown.as('found'), workspaceId, { conditions: [], all: true })
          .select(columns)
          .select(sql.ref<number>('found.length').as('walkedRows')),
        sort,
        inOrder({ ...page, backward }),
      ),
      workspaceId,
      along,
    )
  },
)

type LookingUp = Searching & { query: IndexQuery }

export const lookedUp = reusable(
  (reader, { workspaceId, filter: values, page, query }: LookingUp, shape: Shape) => {
    const { order, backward, filter, along } = shape
    const found = sql<{ found: string }>`(
      with found as materialized (
        select conversation_id from conversation_words where ${hasWords(query)} and ${ofWorkspace(workspaceId)}
      ) select * from found
    )`
    const matches = ofIds(reader, found.as<'found'>(sql`found(found)`), workspaceId, {
      conditions: conditionsOf({ shape: filter, values }),
      all: false,
    })
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
