import { type Environment, graphql } from 'relay-runtime'
import type { updateManyMutation } from '../__generated__/updateManyMutation.graphql.ts'
import type { Status } from '../list/view.ts'
import { commit, newIdempotencyKey } from './commit.ts'

/** What to set on each of many conversations; what is left out stays. */
export type Changes = { status?: Status; agentId?: string | null; isUnread?: boolean }

/** The most conversations of one request (`UpdateConversationsInput.conversationIds`). */
const mostAtOnce = 100

/** Changes many conversations, a hundred in each request, and shows it at once. Returns how many there were. */
export async function updateMany(
  environment: Environment,
  conversationIds: string[],
  changes: Changes,
): Promise<number> {
  for (let from = 0; from < conversationIds.length; from += mostAtOnce)
    await updateSome(environment, conversationIds.slice(from, from + mostAtOnce), changes)
  return conversationIds.length
}

const updateSome = (environment: Environment, conversationIds: string[], changes: Changes) =>
  commit<updateManyMutation>(environment, {
    mutation: graphql`
      mutation updateManyMutation($input: UpdateConversationsInput!) {
        updateConversations(input: $input) {
          results {
            conversation {
              id
              status
              isUnread
              assignedTo {
                id
                name
              }
            }
          }
          cursor
          userErrors {
            code
            message
          }
        }
      }
    `,
    variables: { input: { conversationIds, idempotencyKey: newIdempotencyKey(), ...changes } },
    optimisticUpdater(store) {
      for (const conversation of conversationIds.map(id => store.get(id)).filter(record => !!record)) {
        const { status, isUnread, agentId } = changes
        if (status !== undefined) conversation.setValue(status, 'status')
        if (isUnread !== undefined) conversation.setValue(isUnread, 'isUnread')
        if (agentId === null) conversation.setValue(null, 'assignedTo')
        const agent = agentId ? store.get(agentId) : null
        if (agent) conversation.setLinkedRecord(agent, 'assignedTo')
      }
    },
  })
