import { useEffect, useMemo, useRef } from 'react'
import { Collection, GridList, GridListLoadMoreItem, ListLayout, Virtualizer } from 'react-aria-components'
import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay/hooks.js'
import type { ConversationList_query$key } from '../__generated__/ConversationList_query.graphql.ts'
import type { ConversationListPageQuery } from '../__generated__/ConversationListPageQuery.graphql.ts'
import type { ConversationListQuery } from '../__generated__/ConversationListQuery.graphql.ts'
import { useSession } from '../frame/context.ts'
import { go } from '../place.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { ConversationRow } from './ConversationRow.tsx'
import { EmptyList } from './EmptyList.tsx'
import { useSearchAgain } from './use-search-again.ts'
import { byLastMessage, filterOf, stays, type View } from './view.ts'

type Props = {
  view: View
  /** Another one asks for the list again. */
  fetchKey: number
  selected: ReadonlySet<string>
  onSelect(selected: ReadonlySet<string>): void
  /** The conversation that is open; null: none. */
  openId: string | null
}

/** The height of a row in `list.css`. */
const rowHeight = 80
const pageSize = 50

/** The conversations of a view. It asks for them, and for them again while a search is shown. */
export function ConversationList({ view, fetchKey, ...props }: Props) {
  const again = useSearchAgain(view)
  const query = useLazyLoadQuery<ConversationListQuery>(
    graphql`
      query ConversationListQuery($filter: ConversationFilter!, $count: Int!) {
        ...ConversationList_query @arguments(filter: $filter, count: $count)
      }
    `,
    { filter: filterOf(view), count: pageSize },
    { fetchPolicy: 'store-and-network', fetchKey: `${fetchKey} ${again}` },
  )
  return <Rows key={JSON.stringify(view)} query={query} view={view} {...props} />
}

type RowsProps = Omit<Props, 'fetchKey'> & { query: ConversationList_query$key }

function Rows({ query, view, selected, onSelect, openId }: RowsProps) {
  const { lists } = useSession()
  const { data, loadNext, hasNext, isLoadingNext } = usePaginationFragment<
    ConversationListPageQuery,
    ConversationList_query$key
  >(
    graphql`
      fragment ConversationList_query on Query
      @refetchable(queryName: "ConversationListPageQuery")
      @argumentDefinitions(
        filter: { type: "ConversationFilter!" }
        count: { type: "Int", defaultValue: 50 }
        cursor: { type: "String" }
      ) {
        workspace {
          id
          eventCursor
        }
        conversations(first: $count, after: $cursor, filter: $filter)
          @connection(key: "ConversationList_conversations") {
          __id
          edges {
            node {
              id
              status
              isUnread
              source
              lastMessageAt
              assignedTo {
                id
              }
              ...ConversationRow_conversation
            }
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
    `,
    query,
  )
  const { __id: connectionId, edges } = data.conversations
  useEffect(() => {
    const list = { connectionId, view }
    lists.add(list)
    return () => void lists.delete(list)
  }, [lists, connectionId, view])
  const rows = useMemo(() => {
    // The open conversation stays in the list of unread ones, although reading it made it read.
    const isShown = (node: (typeof edges)[number]['node']) =>
      stays(node.id === openId ? { ...node, isUnread: true } : node, view)
    return edges
      .map(({ node }) => node)
      .filter(isShown)
      .sort(byLastMessage)
  }, [edges, view, openId])
  const scroller = useRef<HTMLDivElement>(null)
  const step = (by: number) => {
    const from = rows.findIndex(({ id }) => id === openId)
    const to = from < 0 ? 0 : Math.min(Math.max(from + by, 0), rows.length - 1)
    const row = rows[to]
    if (!row) return
    go({ conversation: row.id })
    show(scroller.current, to)
  }
  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    x: () => openId !== null && onSelect(toggled(selected, openId)),
  })
  if (rows.length === 0 && !hasNext) return <EmptyList view={view} />
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight }}>
      <GridList
        ref={scroller}
        className="list"
        aria-label="Conversations"
        selectionMode="multiple"
        selectedKeys={selected}
        onSelectionChange={keys =>
          onSelect(keys === 'all' ? new Set(rows.map(({ id }) => id)) : new Set([...keys].map(String)))
        }
        onAction={key => go({ conversation: String(key) })}
      >
        <Collection items={rows} dependencies={[openId]}>
          {row => <ConversationRow id={row.id} conversation={row} isOpen={row.id === openId} />}
        </Collection>
        <GridListLoadMoreItem
          className="list-more"
          isLoading={isLoadingNext}
          onLoadMore={() => hasNext && loadNext(pageSize)}
          scrollOffset={4}
        >
          Loading more
        </GridListLoadMoreItem>
      </GridList>
    </Virtualizer>
  )
}

function toggled(selected: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(selected)
  if (!next.delete(id)) next.add(id)
  return next
}

/** Scrolls as little as is needed to show a row. */
function show(scroller: HTMLElement | null, index: number): void {
  if (!scroller) return
  const top = index * rowHeight
  const lowest = top + rowHeight - scroller.clientHeight
  if (scroller.scrollTop > top) scroller.scrollTop = top
  else if (scroller.scrollTop < lowest) scroller.scrollTop = lowest
}
