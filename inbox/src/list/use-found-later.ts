import { useEffect } from 'react'
import { fetchQuery, graphql, useRelayEnvironment } from 'react-relay/hooks.js'
import { commitLocalUpdate } from 'relay-runtime'
import type { useFoundLaterQuery } from '../__generated__/useFoundLaterQuery.graphql.ts'
import { useSession } from '../frame/context.ts'
import { addConversation } from '../graph/connections.ts'
import { connectionIdOf } from './connection-id.ts'
import { filterOf, isSearch, type View } from './view.ts'

/** A search is asked for at most this often again. */
const pauseMs = 1_000

/**
 * Adds what a search finds newly while it is shown. Only the gateway knows what a search finds, so the newest results are
 * asked for again after events, and put into the list without moving it.
 */
export function useFoundLater(view: View): void {
  const environment = useRelayEnvironment()
  const { events } = useSession()
  useEffect(() => {
    if (!isSearch(view.search)) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let asked = { unsubscribe() {} }
    const ask = () => {
      timer = undefined
      asked = fetchQuery<useFoundLaterQuery>(environment, query, { filter: filterOf(view) }).subscribe({
        next({ conversations }) {
          commitLocalUpdate(environment, store => {
            const connection = store.get(connectionIdOf(view))
            for (const { node } of conversations.edges) {
              const conversation = store.get(node.id)
              if (connection && conversation) addConversation(store, connection, conversation)
            }
          })
        },
        // The next event asks again.
        error() {},
      })
    }
    const unsubscribe = events.subscribe(() => {
      timer ??= setTimeout(ask, pauseMs)
    })
    return () => {
      unsubscribe()
      clearTimeout(timer)
      asked.unsubscribe()
    }
  }, [environment, events, view])
}

const query = graphql`
  query useFoundLaterQuery($filter: ConversationFilter!) {
    workspace {
      id
      eventCursor
    }
    conversations(first: 50, filter: $filter) {
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
    }
  }
`
