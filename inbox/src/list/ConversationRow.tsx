import { Checkbox, GridListItem } from 'react-aria-components'
import { graphql, useFragment } from 'react-relay/hooks.js'
import type { ConversationRow_conversation$key } from '../__generated__/ConversationRow_conversation.graphql.ts'
import { Avatar } from '../parts/Avatar.tsx'
import { CheckIcon } from '../parts/icons.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { sourceLabels } from './FilterMenu.tsx'

type Props = { id: string; conversation: ConversationRow_conversation$key; isOpen: boolean }

/** One conversation of the list. */
export function ConversationRow({ id, conversation: key, isOpen }: Props) {
  const { contact, subject, lastMessagePreview, lastMessageAt, isUnread, source, assignedTo } = useFragment(
    graphql`
      fragment ConversationRow_conversation on Conversation {
        subject
        source
        isUnread
        lastMessageAt
        lastMessagePreview
        contact {
          id
          name
          email
        }
        assignedTo {
          id
          name
        }
      }
    `,
    key,
  )
  const name = contact.name ?? contact.email
  const classes = ['row', isOpen && 'row-open', isUnread && 'row-unread'].filter(Boolean).join(' ')
  return (
    <GridListItem
      id={id}
      textValue={`${isOpen ? 'Open now: ' : ''}${isUnread ? 'Unread: ' : ''}${name}: ${subject ?? lastMessagePreview}`}
      className={classes}
    >
      <span className="row-mark">
        <Avatar id={contact.id} name={name} />
        <Checkbox slot="selection" className="checkbox">
          <span className="checkbox-box">
            <CheckIcon />
          </span>
        </Checkbox>
      </span>
      <span className="row-text">
        <span className="row-line">
          <span className="row-name">{name}</span>
          <RelativeTime time={lastMessageAt} className="row-time" />
        </span>
        <span className="row-subject">{subject ?? `${sourceLabels[source]} conversation`}</span>
        <span className="row-line">
          <span className="row-preview">{lastMessagePreview}</span>
          {assignedTo && (
            <span className="row-assignee" title={`Assigned to ${assignedTo.name ?? 'an agent'}`}>
              <Avatar id={assignedTo.id} name={assignedTo.name ?? '?'} size="small" />
            </span>
          )}
        </span>
      </span>
    </GridListItem>
  )
}
