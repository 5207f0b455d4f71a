import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import type { LiveCounts } from '../live/use-counts.ts'
import { InboxIcon } from '../parts/icons.tsx'
import { go, usePlace } from '../place.ts'
import type { Scope } from './view.ts'

/** The parts of the inbox, where there is no room for the sidebar. */
export function ScopeMenu({ counts: { ofWorkspace, ofViewer } }: { counts: LiveCounts }) {
  const { scope } = usePlace()
  const items: { id: Scope; label: string; count: number }[] = [
    { id: 'all', label: 'Inbox', count: ofWorkspace.open },
    ...(ofViewer ? [{ id: 'mine' as const, label: 'Mine', count: ofViewer.open }] : []),
    { id: 'unassigned', label: 'Unassigned', count: ofWorkspace.unassigned },
    { id: 'unread', label: 'Unread', count: ofWorkspace.unread },
  ]
  const current = items.find(({ id }) => id === scope)
  return (
    <MenuTrigger>
      <Button className="button scope-button phone-only" aria-label={`Inbox: ${current?.label ?? ''}`}>
        <InboxIcon />
        {current?.label}
      </Button>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="menu"
          aria-label="Inbox"
          selectionMode="single"
          selectedKeys={[scope]}
          onAction={key => go({ scope: key as Scope, status: 'OPEN', assignee: null, conversation: null })}
        >
          {items.map(({ id, label, count }) => (
            <MenuItem id={id} key={id} className="menu-item" textValue={label}>
              {label}
              <span className="count">{count.toLocaleString()}</span>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
