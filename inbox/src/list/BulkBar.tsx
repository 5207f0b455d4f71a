import { useState } from 'react'
import { Button } from 'react-aria-components'
import { useRelayEnvironment } from 'react-relay/hooks.js'
import { type Changes, updateMany } from '../actions/update-many.ts'
import { AssigneeMenu } from '../conversation/AssigneeMenu.tsx'
import { useTeam } from '../frame/context.ts'
import { ArchiveIcon, CheckIcon, CloseIcon, ReopenIcon, UnreadIcon } from '../parts/icons.tsx'
import { useToasts } from '../parts/Toasts.tsx'
import { usePlace } from '../place.ts'

type Props = { selected: ReadonlySet<string>; onDone(): void }

/** What can be done with all conversations that are selected. */
export function BulkBar({ selected, onDone }: Props) {
  const environment = useRelayEnvironment()
  const { canWrite } = useTeam()
  const { status } = usePlace()
  const toasts = useToasts()
  const [isBusy, setIsBusy] = useState(false)
  const change = async (changes: Changes, done: string) => {
    setIsBusy(true)
    try {
      const count = await updateMany(environment, [...selected], changes)
      toasts.say(`${done} ${count === 1 ? '1 conversation' : `${count} conversations`}.`)
      onDone()
    } catch (error) {
      toasts.warn(error)
    } finally {
      setIsBusy(false)
    }
  }
  const isDisabled = isBusy || !canWrite
  return (
    <div className="bulk-bar" role="toolbar" aria-label="Selected conversations">
      <strong aria-live="polite">{selected.size} selected</strong>
      {status === 'OPEN' ? (
        <Button
          className="button"
          isDisabled={isDisabled}
          onPress={() => change({ status: 'CLOSED' }, 'Closed')}
        >
          <CheckIcon /> Close
        </Button>
      ) : (
        <Button
          className="button"
          isDisabled={isDisabled}
          onPress={() => change({ status: 'OPEN' }, 'Reopened')}
        >
          <ReopenIcon /> Reopen
        </Button>
      )}
      {status !== 'ARCHIVED' && (
        <Button
          className="icon-button"
          aria-label="Archive"
          isDisabled={isDisabled}
          onPress={() => change({ status: 'ARCHIVED' }, 'Archived')}
        >
          <ArchiveIcon />
        </Button>
      )}
      <Button
        className="icon-button"
        aria-label="Mark as unread"
        isDisabled={isDisabled}
        onPress={() => change({ isUnread: true }, 'Marked as unread:')}
      >
        <UnreadIcon />
      </Button>
      <AssigneeMenu
        assignedTo={null}
        isDisabled={isDisabled}
        onAssign={agent => change({ agentId: agent?.id ?? null }, agent ? 'Assigned' : 'Unassigned')}
      />
      <Button className="icon-button bulk-clear" aria-label="Clear the selection" onPress={onDone}>
        <CloseIcon />
      </Button>
    </div>
  )
}
