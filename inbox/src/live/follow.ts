import { type Environment, type GraphQLTaggedNode, graphql, requestSubscription } from 'relay-runtime'
import type { followSubscription } from '../__generated__/followSubscription.graphql.ts'
import { applyEvent, type OpenList } from './apply-event.ts'

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
  /** Follows the log from this position on. */
  start(cursor: string): void
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
  onEvent(type: string): void
  /** Called if the cursor is not valid any more, or an event cannot be read: everything must be read again. */
  onGap(): void
}

const retryMs = 500

/** Applies the events of the workspace, each of them once and in order, as docs/live.md describes. */
export function createFollower({ environment, lists, onEvent, onGap }: FollowOptions): Follower {
  let position: string | null = null
  let dispose = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined

  function begin(after: string): void {
    stop()
    position = after
    const later = () => {
      timer = setTimeout(() => begin(position ?? after), retryMs)
    }
    let isGap = false
    ;({ dispose } = requestSubscription<followSubscription>(environment, {
      subscription,
      variables: { after },
      updater: store => applyEvent(store, lists()),
      onNext(response) {
        if (!response) return
        const { cursor, __typename } = response.conversationEvents
        position = cursor
        onEvent(__typename)
      },
      onError(error) {
        isGap = !isPassing(error)
        if (isGap) onGap()
        else later()
      },
      // The log has no end.
      onCompleted: () => (isGap ? undefined : later()),
    }))
  }

  function stop(): void {
    clearTimeout(timer)
    dispose()
    dispose = () => {}
  }

  return {
    start: begin,
    readAt(cursor) {
      if (position !== null && cursor < position) begin(cursor)
    },
    stop() {
      position = null
      stop()
    },
  }
}

/** The database is away for a moment, or the key has spent its budget. */
const isPassing = (error: Error) => /UNAVAILABLE|RATE_LIMITED/.test(JSON.stringify(error) + error.message)
