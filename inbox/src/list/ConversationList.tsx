import { useEffect, useMemo, useRef } from 'react'
import { Collection, GridList, GridListLoadMoreItem, ListLayout, Virtualizer } from 'react-aria-components'
import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay/hooks.js'
import type { askForListQuery } from '../__generated__/askForListQuery.graphql.ts'
import type { ConversationList_query$key } from '../__generated__/ConversationList_query.graphql.ts'
import type { ConversationListPageQuery } from '../__generated__/ConversationListPageQuery.graphql.ts'
import { useToasts } from '../parts/Toasts.tsx'
import { go } from '../place.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { listQuery, pageSize, variablesOf } from './ask-for-list.ts'
import { ConversationRow } from './ConversationRow.tsx'
import { EmptyList } from './EmptyList.tsx'
import { useFoundLater } from './use-found-later.ts'
import { byLastMessage, stays, type View } from './view.ts'

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

/** The conversations of a view. */
export function ConversationList({ view, fetchKey, ...props }: Props) {
  const options = { fetchPolicy: 'store-and-network', fetchKey } as const
  const query = useLazyLoadQuery<askForListQuery>(listQuery, variablesOf(view), options)
  return <Rows key={JSON.stringify(view)} query={query} view={view} {...props} />
}

type RowsProps = Omit<Props, 'fetchKey'> & { query: ConversationList_query$key }

function Rows({ query, view, selected, onSelect, openId }: RowsProps) {
  useFoundLater(view)
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
  const { edges } = data.conversations
  const rows = useMemo(() => {
    // The open conversation stays in the list of unread ones, although reading it made it read.
    const isShown = (node: (typeof edges)[number]['node']) =>
      stays(node.id === openId ? { ...node, isUnread: true } : node, view)
    return edges
      .map(({ node }) => node)
      .filter(isShown)
      .sort(byLastMessage)
  }, [edges, view, openId])
  // What has left the list is not acted on.
  useEffect(() => {
    const left = [...selected].filter(id => !rows.some(row => row.id === id))
    if (left.length > 0) onSelect(new Set([...selected].filter(id => !left.includes(id))))
  }, [rows, selected, onSelect])
  const toasts = useToasts()
  const scroller = useRef<HTMLDivElement>(null)
  const openIndex = rows.findIndex(({ id }) => id === openId)
  // When the open conversation has left the list, its place is taken by the next one.
  const lastIndex = useRef(-1)
  useEffect(() => {
    if (openIndex >= 0) lastIndex.current = openIndex
  }, [openIndex])
  const step = (by: 1 | -1) => {
    const from = openIndex >= 0 ? openIndex + by : by === 1 ? lastIndex.current : lastIndex.current - 1
    const to = Math.min(Math.max(from, 0), rows.length - 1)
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
          onLoadMore={() => {
            if (hasNext) loadNext(pageSize, { onComplete: error => error && toasts.warn(error) })
          }}
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
