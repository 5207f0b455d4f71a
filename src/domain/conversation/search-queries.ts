import { type AliasedExpression, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { type Backward, type PageBounds, paged } from '../page.ts'
import type { IndexQuery } from '../search/lexemes.ts'
import { hasWords, maxWalkedRows, ofWorkspace, type WalkEnd } from '../search/probe.ts'
import { type Along, readAlong } from './along.ts'
import { inOrder, listed, sortOf } from './branch-queries.ts'
import { type Condition, type ConversationOrder, conditionsOf } from './branches.ts'
import type { FilterShape, FilterValues } from './filter.ts'
import { columns } from './rows.ts'

type Shape = Backward & { filter: FilterShape; order: ConversationOrder; along: Along }
/** `isIndexed`: its settings are `walkSettings`. */
type Walk = { isIndexed: boolean }
type Searching = { workspaceId: string; filter: FilterValues; page: PageBounds }
/** `rows`: how far the list is walked. */
type Walking = Searching & { rows: number; query: string }
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
    { workspaceId, filter: values, page, rows, query }: Walking,
    { backward, along, order, filter, isIndexed }: Shape & Walk,
  ) => {
    const filtering = { shape: filter, values, order, parent: null }
    const sort = sortOf(order)
    const list = listed(
      reader,
      workspaceId,
      filtering,
      { ...page, backward, limit: rows },
      isIndexed ? maxWalkedRows : null,
    ).select(['conversation.id', sql.ref<Date>(`conversation.${sort.column}`).as('at')])
    // The furthest row is found without a sort, which would take a tenth of the walk.
    const isRising = sort.descending === backward
    const [furthest, fromEnd] = isRising
      ? [sql.raw('max'), sql.raw('desc')]
      : [sql.raw('min'), sql.raw('asc')]
    // `is true` keeps PostgreSQL from a join, whose kind would depend on what it expects, and from the index of words.
    const matches = sql<{ id: string; at: Date } & WalkEnd>`(
      with walked as materialized (${list})
      select "walkedRows", "endAt", "endId", id, at
      from (select count(*) as "walkedRows" from walked) as whole
        left join (
          select at as "endAt", id as "endId" from walked
          where at = (select ${furthest}(at) from walked) order by id ${fromEnd} limit 1
        ) as last on true
        left join walked on (id in (
          select conversation_id from conversation_words
          where workspace_id = ${workspaceId} and conversation_id = any(array(select id from walked))
            and (words @@ ${query}::tsquery) is true
        )) is true
    )`
    const ids = reader
      .selectFrom(matches.as<'matches'>(sql`matches`))
      .select(['id as found', 'walkedRows', 'endAt', 'endId'])
    const shown = paged(ids, { ...sort, column: 'at' }, inOrder({ ...page, backward }))
    return readAlong(
      paged(
        ofIds(reader, shown.as('found'), workspaceId, { conditions: [], all: true })
          .select(columns)
          .select([
            sql.ref<number>('found.walkedRows').as('walkedRows'),
            sql.ref<Date | null>('found.endAt').as('endAt'),
            sql.ref<string | null>('found.endId').as('endId'),
          ]),
        sort,
        inOrder({ ...page, backward }),
      ),
      workspaceId,
      along,
    )
  },
  'last',
)

/** `known`: the conversations that match `query.whole`; null: they are looked up too. */
type LookingUp = Searching & {
  query: Pick<IndexQuery, 'whole' | 'longer'>
  known: readonly string[] | null
}

export const lookedUp = reusable(
  (reader, { workspaceId, filter: values, page, query, known }: LookingUp, shape: Shape) => {
    const { order, backward, filter, along } = shape
    const byIndex = (words: RawBuilder<boolean>) =>
      sql`select conversation_id from conversation_words where ${words} and ${ofWorkspace(workspaceId)}`
    const isKnown = sql`select unnest(${known}::text[])`
    const found = sql<{ found: string }>`(
      with found as materialized (${
        known === null
          ? byIndex(hasWords(query))
          : query.longer === null
            ? isKnown
            : sql`${isKnown} union ${byIndex(hasWords({ whole: query.longer, longer: null }))}`
      }) select * from found
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
  'last',
)
