import { Suspense, useDeferredValue } from 'react'
import { graphql, useLazyLoadQuery } from 'react-relay/hooks.js'
import type { ConversationPaneQuery } from '../__generated__/ConversationPaneQuery.graphql.ts'
import { ErrorBoundary } from '../frame/ErrorBoundary.tsx'
import { InboxIcon } from '../parts/icons.tsx'
import { Composer } from './Composer.tsx'
import { ConversationHeader } from './ConversationHeader.tsx'
import { LoadingConversation } from './LoadingConversation.tsx'
import { Stream } from './Stream.tsx'

/** The open conversation, or what to do to open one. */
export function ConversationPane({ id }: { id: string | null }) {
  // The last conversation stays until the next one has come.
  const shownId = useDeferredValue(id)
  if (shownId === null)
    return (
      <div className="empty">
        <span className="empty-icon">
          <InboxIcon />
        </span>
        <h2>No conversation is open</h2>
        <p>
          Choose one from the list, or press <kbd>j</kbd>. <kbd>?</kbd> shows all keys.
        </p>
      </div>
    )
  return (
    <Suspense fallback={<LoadingConversation />}>
      <ErrorBoundary key={shownId}>
        {attempt => <Conversation id={shownId} fetchKey={attempt} />}
      </ErrorBoundary>
    </Suspense>
  )
}

function Conversation({ id, fetchKey }: { id: string; fetchKey: number }) {
  const { conversation } = useLazyLoadQuery<ConversationPaneQuery>(
    graphql`
      query ConversationPaneQuery($id: ID!, $count: Int!) {
        workspace {
          id
          eventCursor
        }
        conversation(id: $id) {
          id
          source
          contact {
            id
            name
            email
          }
          ...ConversationHeader_conversation
          ...Stream_messages @arguments(count: $count)
          ...Stream_events @arguments(count: $count)
        }
      }
    `,
    { id, count: 20 },
    { fetchPolicy: 'store-and-network', fetchKey },
  )
  if (!conversation)
    return (
      <div className="empty">
        <h2>There is no such conversation</h2>
        <p>The link may be incomplete, or it belongs to another workspace.</p>
      </div>
    )
  return (
    <article className="conversation" key={id}>
      <ConversationHeader conversation={conversation} />
      <Stream messages={conversation} events={conversation} />
      <Composer conversationId={id} to={conversation.contact.name ?? conversation.contact.email} />
    </article>
  )
}
