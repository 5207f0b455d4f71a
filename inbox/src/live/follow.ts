import { type Environment, type GraphQLTaggedNode, graphql, requestSubscription } from 'relay-runtime'
import type { followSubscription } from '../__generated__/followSubscription.graphql.ts'
import { applyEvent, type OpenList } from './apply-event.ts'
import { createRetry, isPassing } from './retry.ts'

const subscription: GraphQLTaggedNode = graphql`
  subscription followSubscription($after: EventCursor!) {
    conversationEvents(after: $after) {
      __typename
      id
      cursor
      occurredAt
      conversation {
        id
        status
        isUnread
        source
        lastMessageAt
        assignedTo {
          id
        }
        ...ConversationRow_conversation
        ...ConversationHeader_conversation
      }
      ...EventItem_event
      ... on MessageAdded {
        message {
          id
          createdAt
          ...MessageItem_message
        }
      }
      ... on MessageStatusChanged {
        message {
          id
          ...MessageItem_message
        }
      }
    }
  }
`

export type Follower = {
  /** Follows the log from this position on, or from an earlier one that an answer was read at before. */
  start(cursor: string): void
  /** The position of the last event that was applied; null: nothing is followed. */
  position(): string | null
  /**
   * An answer was read at this position. If later events have been applied already, the answer may have set back what
   * they changed: the log is followed from there again.
   */
  readAt(cursor: string): void
  stop(): void
}

export type FollowOptions = {
  environment: Environment
  /** The lists that conversations come into. */
  lists(): Iterable<OpenList>
  /** Called with each event that was applied. */
  onEvent(): void
  /** Called if the cursor is not valid any more, or an event cannot be read: everything must be read again. */
  onGap(): void
}

/** Applies the events of the workspace, each of them once and in order, as docs/live.md describes. */
export function createFollower({ environment, lists, onEvent, onGap }: FollowOptions): Follower {
  let position: string | null = null
  /** The earliest position of the answers before the start. Their lists lack what came after it. */
  let earliest: string | null = null
  let dispose = () => {}
  const retry = createRetry()

  function begin(after: string): void {
    end()
    position = after
    const again = () => begin(position ?? after)
    ;({ dispose } = requestSubscription<followSubscription>(environment, {
      subscription,
      variables: { after },
      updater: store => applyEvent(store, lists()),
      onNext(response) {
        if (!response) return
        position = response.conversationEvents.cursor
        retry.reset()
        onEvent()
      },
      onError: error => (isPassing(error) ? retry.later(again, error) : onGap()),
      // The log has no end.
      onCompleted: () => retry.later(again),
    }))
  }

  function end(): void {
    retry.stop()
    dispose()
    dispose = () => {}
  }

  return {
    start(cursor) {
      begin(earliest !== null && earliest < cursor ? earliest : cursor)
      earliest = null
    },
    position: () => position,
    readAt(cursor) {
      if (position === null) earliest = earliest !== null && earliest < cursor ? earliest : cursor
      else if (cursor < position) begin(cursor)
    },
    stop() {
      position = null
      earliest = null
      end()
    },
  }
}
