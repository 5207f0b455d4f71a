import { graphql, useFragment } from 'react-relay/hooks.js'
import type { EventItem_event$data, EventItem_event$key } from '../__generated__/EventItem_event.graphql.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'

/** What happened to the conversation, in one line. */
export function EventItem({ event: key }: { event: EventItem_event$key }) {
  const event = useFragment(
    graphql`
      fragment EventItem_event on ConversationEvent {
        __typename
        id
        occurredAt
        actor {
          id
          name
        }
        ... on ConversationStatusChanged {
          status
        }
        ... on ConversationAssigned {
          assignedTo {
            id
            name
          }
        }
      }
    `,
    key,
  )
  return (
    <p className="event">
      <span>{sentenceOf(event)}</span>
      <RelativeTime time={event.occurredAt} />
    </p>
  )
}

function sentenceOf({ __typename, actor, status, assignedTo }: EventItem_event$data): string {
  const name = actor?.name ?? (actor ? 'Somebody' : 'The gateway')
  if (__typename === 'ConversationStatusChanged')
    return status === 'OPEN'
      ? `${name} reopened this`
      : `${name} ${status === 'CLOSED' ? 'closed' : 'archived'} this`
  if (__typename !== 'ConversationAssigned') return `${name} started this conversation`
  if (!assignedTo) return `${name} unassigned this`
  return assignedTo.id === actor?.id
    ? `${name} took this`
    : `${name} assigned this to ${assignedTo.name ?? 'an agent'}`
}
