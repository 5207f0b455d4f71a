import { type Environment, graphql } from 'relay-runtime'
import type { stateAssignMutation } from '../__generated__/stateAssignMutation.graphql.ts'
import type { stateSetStatusMutation } from '../__generated__/stateSetStatusMutation.graphql.ts'
import type { stateSetUnreadMutation } from '../__generated__/stateSetUnreadMutation.graphql.ts'
import type { Status } from '../list/view.ts'
import { commit } from './commit.ts'

export type Assignee = { id: string; name: string | null | undefined }

/** Sets the status. It is shown at once, because every transition is allowed. */
export const setStatus = (environment: Environment, conversationId: string, status: Status) =>
  commit<stateSetStatusMutation>(environment, {
    mutation: graphql`
      mutation stateSetStatusMutation($input: SetConversationStatusInput!) @raw_response_type {
        setConversationStatus(input: $input) {
          conversation {
            id
            status
          }
          cursor
          userErrors {
            code
            message
          }
        }
      }
    `,
    variables: { input: { conversationId, status } },
    optimisticResponse: {
      setConversationStatus: { conversation: { id: conversationId, status }, cursor: null, userErrors: [] },
    },
  })

/** Assigns the conversation, or unassigns it with null. It is shown at once. */
export const assign = (environment: Environment, conversationId: string, assignee: Assignee | null) =>
  commit<stateAssignMutation>(environment, {
    mutation: graphql`
      mutation stateAssignMutation($input: AssignConversationInput!) @raw_response_type {
        assignConversation(input: $input) {
          conversation {
            id
            assignedTo {
              id
              name
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
    variables: { input: { conversationId, agentId: assignee?.id ?? null } },
    optimisticResponse: {
      assignConversation: {
        conversation: { id: conversationId, assignedTo: assignee },
        cursor: null,
        userErrors: [],
      },
    },
  })

/** Marks the conversation as read or unread. It is shown at once. */
export const setUnread = (environment: Environment, conversationId: string, isUnread: boolean) =>
  commit<stateSetUnreadMutation>(environment, {
    mutation: graphql`
      mutation stateSetUnreadMutation($input: SetConversationUnreadInput!) @raw_response_type {
        setConversationUnread(input: $input) {
          conversation {
            id
            isUnread
          }
          cursor
          userErrors {
            code
            message
          }
        }
      }
    `,
    variables: { input: { conversationId, isUnread } },
    optimisticResponse: {
      setConversationUnread: { conversation: { id: conversationId, isUnread }, cursor: null, userErrors: [] },
    },
  })
