import { useEffect, useLayoutEffect, useRef } from 'react'
import { Button } from 'react-aria-components'
import { graphql, usePaginationFragment } from 'react-relay/hooks.js'
import type { Stream_events$key } from '../__generated__/Stream_events.graphql.ts'
import type { Stream_messages$key } from '../__generated__/Stream_messages.graphql.ts'
import type { StreamEventsPageQuery } from '../__generated__/StreamEventsPageQuery.graphql.ts'
import type { StreamMessagesPageQuery } from '../__generated__/StreamMessagesPageQuery.graphql.ts'
import { useToasts } from '../parts/Toasts.tsx'
import { EventItem } from './EventItem.tsx'
import { MessageItem } from './MessageItem.tsx'
import { inOneStream, withoutArrived } from './one-stream.ts'

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
              text
              author {
                id
              }
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
    {
      nodes: withoutArrived(messages.data.messages.edges.map(({ node }) => node)),
      hasEarlier: messages.hasPrevious,
    },
    { nodes: events.data.events.edges.map(({ node }) => node), hasEarlier: events.hasPrevious },
  )
  const toasts = useToasts()
  const hasEarlier = messages.hasPrevious || events.hasPrevious
  const scroller = useStayingInPlace(items[0]?.node.id, items.length)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard (WCAG 2.1.1).
    <div className="stream" ref={scroller} tabIndex={0} role="log" aria-label="Messages and events">
      {hasEarlier && (
        <Button
          className="button earlier-button"
          isDisabled={messages.isLoadingPrevious || events.isLoadingPrevious}
          onPress={() => {
            const onComplete = (error: Error | null) => error && toasts.warn(error)
            if (messages.hasPrevious) messages.loadPrevious(pageSize, { onComplete })
            if (events.hasPrevious) events.loadPrevious(pageSize, { onComplete })
            // The button goes, and what it brought is read from where it was.
            scroller.current?.focus({ preventScroll: true })
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

/**
 * Scrolls to the end at first, and with what is added while the end is in sight. What is put before the first item moves
 * nothing that is being read.
 */
function useStayingInPlace(firstId: string | undefined, length: number) {
  const scroller = useRef<HTMLDivElement>(null)
  const fromEnd = useRef(0)
  const shownFirst = useRef(firstId)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      fromEnd.current = element.scrollHeight - element.scrollTop
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => element.removeEventListener('scroll', onScroll)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is called again with each item that is added.
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const isAtEnd = fromEnd.current - element.clientHeight < nearEndPixels
    if (isAtEnd) element.scrollTop = element.scrollHeight
    else if (firstId !== shownFirst.current) element.scrollTop = element.scrollHeight - fromEnd.current
    shownFirst.current = firstId
  }, [firstId, length])
  return scroller
}
