import { useEffect } from 'react'
import { Button } from 'react-aria-components'
import { graphql, useFragment, useRelayEnvironment } from 'react-relay/hooks.js'
import type { ConversationHeader_conversation$key } from '../__generated__/ConversationHeader_conversation.graphql.ts'
import { assign, setStatus, setUnread } from '../actions/state.ts'
import { useTeam } from '../frame/context.ts'
import { sourceLabels } from '../list/FilterMenu.tsx'
import type { Status } from '../list/view.ts'
import { Avatar } from '../parts/Avatar.tsx'
import { ArchiveIcon, BackIcon, CheckIcon, ReopenIcon, UnreadIcon } from '../parts/icons.tsx'
import { useToasts } from '../parts/Toasts.tsx'
import { go } from '../place.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { AssigneeMenu } from './AssigneeMenu.tsx'

const done: Record<Status, string> = { OPEN: 'Reopened.', CLOSED: 'Closed.', ARCHIVED: 'Archived.' }

/** Who the conversation is with, and what can be done with it. Opening an unread conversation marks it as read. */
export function ConversationHeader({
  conversation: key,
}: {
  conversation: ConversationHeader_conversation$key
}) {
  const { id, subject, source, status, isUnread, contact, assignedTo } = useFragment(
    graphql`
      fragment ConversationHeader_conversation on Conversation {
        id
        subject
        source
        status
        isUnread
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
  const environment = useRelayEnvironment()
  const { canWrite } = useTeam()
  const toasts = useToasts()
  const report = (change: Promise<unknown>) => change.catch(toasts.warn)
  const change = (wanted: Status) =>
    setStatus(environment, id, wanted).then(
      () =>
        toasts.say(done[wanted], { label: 'Undo', run: () => report(setStatus(environment, id, status)) }),
      toasts.warn,
    )
  // biome-ignore lint/correctness/useExhaustiveDependencies: only opening it reads it, so that it can be marked as unread.
  useEffect(() => {
    if (isUnread && canWrite) report(setUnread(environment, id, false))
  }, [id])
  const title = subject ?? `${sourceLabels[source]} conversation`
  useEffect(() => {
    document.title = `${title} – Inbox`
    return () => {
      document.title = 'Inbox'
    }
  }, [title])
  const toggle = () => change(status === 'OPEN' ? 'CLOSED' : 'OPEN')
  const toggleUnread = () => report(setUnread(environment, id, !isUnread))
  useShortcuts(canWrite ? { e: toggle, y: () => change('ARCHIVED'), u: toggleUnread } : {})
  const name = contact.name ?? contact.email
  return (
    <header className="conversation-header">
      <Button
        className="icon-button back-button"
        aria-label="Back to the list"
        onPress={() => go({ conversation: null })}
      >
        <BackIcon />
      </Button>
      <Avatar id={contact.id} name={name} />
      <div className="conversation-title">
        <h1>{title}</h1>
        <span className="visually-hidden" role="status">
          {`${name}: ${title}`}
        </span>
        <p>
          {name}
          {contact.name && <span className="quiet"> {contact.email}</span>}
          <span className={`badge badge-${status.toLowerCase()}`}>{status.toLowerCase()}</span>
        </p>
      </div>
      <div className="conversation-actions">
        <AssigneeMenu
          assignedTo={assignedTo ?? null}
          isDisabled={!canWrite}
          hasShortcut
          onAssign={agent => report(assign(environment, id, agent))}
        />
        <Button
          className="icon-button"
          aria-label={isUnread ? 'Mark as read' : 'Mark as unread'}
          isDisabled={!canWrite}
          onPress={toggleUnread}
        >
          <UnreadIcon />
        </Button>
        {status !== 'ARCHIVED' && (
          <Button
            className="icon-button"
            aria-label="Archive"
            isDisabled={!canWrite}
            onPress={() => change('ARCHIVED')}
          >
            <ArchiveIcon />
          </Button>
        )}
        <Button className="button button-primary" isDisabled={!canWrite} onPress={toggle}>
          {status === 'OPEN' ? <CheckIcon /> : <ReopenIcon />}
          <span className="label">{status === 'OPEN' ? 'Close' : 'Reopen'}</span>
        </Button>
      </div>
    </header>
  )
}
