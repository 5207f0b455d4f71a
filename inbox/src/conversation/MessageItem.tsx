import { graphql, useFragment } from 'react-relay/hooks.js'
import type {
  MessageItem_message$data,
  MessageItem_message$key,
} from '../__generated__/MessageItem_message.graphql.ts'
import { Avatar } from '../parts/Avatar.tsx'
import { NoteIcon } from '../parts/icons.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'

/** A message or note, with its delivery status. */
export function MessageItem({ message: key }: { message: MessageItem_message$key }) {
  const message = useFragment(
    graphql`
      fragment MessageItem_message on Message {
        id
        direction
        status
        text
        createdAt
        failureReason
        warning
        author {
          __typename
          id
          name
          ... on Contact {
            email
          }
        }
      }
    `,
    key,
  )
  const { direction, author, text, createdAt, warning } = message
  const name = author?.name ?? author?.email ?? (author ? 'API key' : 'Gateway')
  return (
    <div className={`message message-${direction.toLowerCase()}`}>
      <Avatar id={author?.id ?? 'gateway'} name={name} />
      <div className="message-body">
        <p className="message-line">
          {direction === 'NOTE' && <NoteIcon />}
          <strong>{name}</strong>
          {direction === 'NOTE' && <span className="quiet">Note</span>}
          <RelativeTime time={createdAt} className="quiet" />
        </p>
        <p className="message-text">{text}</p>
        {warning && <p className="refusal">{warnings[warning]}</p>}
        <Delivery message={message} />
      </div>
    </div>
  )
}

const warnings = {
  AUTHOR_IS_NOT_CONTACT: 'Written by somebody else. A reply goes to the contact, not to the author.',
  AUTHOR_NOT_VERIFIED: 'The sender is not verified: somebody else may have written this.',
}

function Delivery({ message: { direction, status, failureReason } }: { message: MessageItem_message$data }) {
  if (direction !== 'OUTBOUND') return null
  if (status === 'FAILED') return <p className="refusal">Not delivered. {failureReason}</p>
  return <p className="delivery">{deliveries[status] ?? ''}</p>
}

const deliveries: Partial<Record<MessageItem_message$data['status'], string>> = {
  QUEUED: 'Sending…',
  SENT: 'Sent',
  UNCONFIRMED: 'Sent, but the mail server did not confirm it',
}
