import { useEffect, useLayoutEffect, useRef } from 'react'
import { Button } from 'react-aria-components'
import { graphql, usePaginationFragment } from 'react-relay/hooks.js'
import type { Stream_events$key } from '../__generated__/Stream_events.graphql.ts'
import type { Stream_messages$key } from '../__generated__/Stream_messages.graphql.ts'
import type { StreamEventsPageQuery } from '../__generated__/StreamEventsPageQuery.graphql.ts'
import type { StreamMessagesPageQuery } from '../__generated__/StreamMessagesPageQuery.graphql.ts'
import { EventItem } from './EventItem.tsx'
import { MessageItem } from './MessageItem.tsx'
import { inOneStream } from './one-stream.ts'

type Props = { messages: Stream_messages$key; events: Stream_events$key }

const pageSize = 30

/** Messages, notes and what happened, in one stream. It begins at its end, and stays there as long as it is read there. */
export function Stream({ messages: messagesKey, events: eventsKey }: Props) {
  const messages = usePaginationFragment<StreamMessagesPageQuery, Stream_messages$key>(
    graphql`
      fragment Stream_messages on Conversation
      @refetchable(queryName: "StreamMessagesPageQuery")
      @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
        messages(last: $count, before: $cursor) @connection(key: "Stream_messages") {
          edges {
            node {
              id
              createdAt
              ...MessageItem_message
            }
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
      }
    `,
    messagesKey,
  )
  const events = usePaginationFragment<StreamEventsPageQuery, Stream_events$key>(
    graphql`
      fragment Stream_events on Conversation
      @refetchable(queryName: "StreamEventsPageQuery")
      @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
        events(
          last: $count
          before: $cursor
          types: [CONVERSATION_CREATED, CONVERSATION_STATUS_CHANGED, CONVERSATION_ASSIGNED]
        ) @connection(key: "Stream_events", filters: []) {
          edges {
            node {
              id
              occurredAt
              ...EventItem_event
            }
          }
          pageInfo {
            hasPreviousPage
            startCursor
          }
        }
      }
    `,
    eventsKey,
  )
  const items = inOneStream(
    { nodes: messages.data.messages.edges.map(({ node }) => node), hasEarlier: messages.hasPrevious },
    { nodes: events.data.events.edges.map(({ node }) => node), hasEarlier: events.hasPrevious },
  )
  const hasEarlier = messages.hasPrevious || events.hasPrevious
  const scroller = useStayingAtEnd(items.length)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard (WCAG 2.1.1).
    <div className="stream" ref={scroller} tabIndex={0} role="log" aria-label="Messages and events">
      {hasEarlier && (
        <Button
          className="button earlier-button"
          isDisabled={messages.isLoadingPrevious || events.isLoadingPrevious}
          onPress={() => {
            if (messages.hasPrevious) messages.loadPrevious(pageSize)
            if (events.hasPrevious) events.loadPrevious(pageSize)
          }}
        >
          Show earlier
        </Button>
      )}
      <ol>
        {items.map(item => (
          <li key={item.node.id}>
            {item.kind === 'message' ? <MessageItem message={item.node} /> : <EventItem event={item.node} />}
          </li>
        ))}
      </ol>
    </div>
  )
}

const nearEndPixels = 80

/** Scrolls to the end at first, and with what is added while the end is in sight. */
function useStayingAtEnd(length: number) {
  const scroller = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPixels
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => element.removeEventListener('scroll', onScroll)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is called again with each item that is added.
  useLayoutEffect(() => {
    if (isAtEnd.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight
  }, [length])
  return scroller
}
