import { ConnectionHandler, type Environment, graphql, type RecordSourceSelectorProxy } from 'relay-runtime'
import type { writeCreateMutation } from '../__generated__/writeCreateMutation.graphql.ts'
import type { writeNoteMutation } from '../__generated__/writeNoteMutation.graphql.ts'
import type { writeReplyMutation } from '../__generated__/writeReplyMutation.graphql.ts'
import { ownIdPrefix } from '../conversation/one-stream.ts'
import { addNode } from '../graph/connections.ts'
import { commit } from './commit.ts'

/** A reply to the contact, or a note for the team. */
export type Kind = 'reply' | 'note'

export type Written = { conversationId: string; contentText: string; idempotencyKey: string }

export type Author = { id: string; type: string; name: string | null | undefined }

/** Sends a reply or adds a note. It is shown at once; if it is refused, it disappears again. */
export function write(environment: Environment, kind: Kind, input: Written, author: Author) {
  const { mutation, field } = kind === 'reply' ? reply : note
  // It stands at the end, also if the clock of this device is behind.
  const createdAt = atTheEnd(environment, input.conversationId)
  return commit<writeReplyMutation | writeNoteMutation>(environment, {
    mutation,
    variables: { input },
    updater: store => addWritten(store, field, input.conversationId),
    optimisticUpdater(store) {
      const message = store.create(`${ownIdPrefix}${input.idempotencyKey}`, 'Message')
      const writer = store.get(author.id) ?? store.create(author.id, author.type)
      writer.setValue(author.id, 'id').setValue(author.name ?? null, 'name')
      writer.setValue(author.type, '__isActor')
      message
        .setValue(message.getDataID(), 'id')
        .setValue(kind === 'reply' ? 'OUTBOUND' : 'NOTE', 'direction')
        .setValue(kind === 'reply' ? 'QUEUED' : 'STORED', 'status')
        .setValue(input.contentText, 'text')
        .setValue(createdAt, 'createdAt')
        .setValue(null, 'sentAt')
        .setValue(null, 'failureReason')
        .setValue(null, 'warning')
        .setLinkedRecord(writer, 'author')
      append(store, message, input.conversationId)
    },
  })
}

/** Now, or just after the newest message that is known. */
function atTheEnd(environment: Environment, conversationId: string): string {
  const conversation = environment.getStore().getSource().get(conversationId)
  const newest = Date.parse(String(conversation?.lastMessageAt ?? ''))
  return new Date(Math.max(Date.now(), Number.isNaN(newest) ? 0 : newest + 1)).toISOString()
}

const reply = {
  field: 'replyToConversation',
  mutation: graphql`
    mutation writeReplyMutation($input: ReplyToConversationInput!) {
      replyToConversation(input: $input) {
        message {
          id
          createdAt
          ...MessageItem_message
        }
        conversation {
          id
          isUnread
          lastMessageAt
          lastMessagePreview
        }
        cursor
        userErrors {
          code
          message
        }
      }
    }
  `,
}

const note = {
  field: 'addNote',
  mutation: graphql`
    mutation writeNoteMutation($input: AddNoteInput!) {
      addNote(input: $input) {
        message {
          id
          createdAt
          ...MessageItem_message
        }
        cursor
        userErrors {
          code
          message
        }
      }
    }
  `,
}

function addWritten(store: RecordSourceSelectorProxy, field: string, conversationId: string): void {
  const message = store.getRootField(field)?.getLinkedRecord('message')
  if (message) append(store, message, conversationId)
}

type Record = NonNullable<ReturnType<RecordSourceSelectorProxy['get']>>

function append(store: RecordSourceSelectorProxy, message: Record, conversationId: string): void {
  const conversation = store.get(conversationId)
  if (conversation)
    addNode(store, ConnectionHandler.getConnection(conversation, 'Stream_messages'), message, 'MessageEdge')
}

export type NewConversation = {
  email: string
  name: string | null
  subject: string | null
  contentText: string
  idempotencyKey: string
}

/** Creates a conversation and sends its first message. Returns its id. */
export async function createConversation(
  environment: Environment,
  input: NewConversation,
): Promise<string | undefined> {
  const { createConversation: created } = await commit<writeCreateMutation>(environment, {
    mutation: graphql`
      mutation writeCreateMutation($input: CreateConversationInput!) {
        createConversation(input: $input) {
          conversation {
            id
            ...ConversationRow_conversation
          }
          cursor
          userErrors {
            code
            message
          }
        }
      }
    `,
    variables: { input },
  })
  return created.conversation?.id
}
