import { useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import type { Assignee } from '../actions/state.ts'
import { useTeam } from '../frame/context.ts'
import { Avatar } from '../parts/Avatar.tsx'
import { CheckIcon, PersonIcon } from '../parts/icons.tsx'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'

type Props = {
  assignedTo: Assignee | null
  isDisabled: boolean
  /** Whether the key `a` opens it. */
  hasShortcut?: boolean
  onAssign(agent: Assignee | null): void
}

const nobody = 'nobody'

/** Chooses an agent, the viewer first, or nobody. */
export function AssigneeMenu({ assignedTo, isDisabled, hasShortcut, onAssign }: Props) {
  const { agents, viewer } = useTeam()
  const [isOpen, setIsOpen] = useState(false)
  useShortcuts(hasShortcut && !isDisabled ? { a: () => setIsOpen(true) } : {})
  const ordered = agents
    .filter(({ isActive, id }) => isActive || id === assignedTo?.id)
    .toSorted((a, b) => Number(b.id === viewer.id) - Number(a.id === viewer.id))
  return (
    <MenuTrigger isOpen={isOpen} onOpenChange={setIsOpen}>
      <Button className="button assignee-button" isDisabled={isDisabled}>
        {assignedTo ? (
          <Avatar id={assignedTo.id} name={assignedTo.name ?? '?'} size="small" />
        ) : (
          <PersonIcon />
        )}
        {assignedTo && <span className="visually-hidden">Assigned to</span>}
        <span className="label">{assignedTo ? (assignedTo.name ?? 'an agent') : 'Assign'}</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu
          className="menu"
          aria-label="Assign to"
          selectionMode="single"
          selectedKeys={[assignedTo?.id ?? nobody]}
          onAction={key => onAssign(agents.find(({ id }) => id === key) ?? null)}
        >
          {ordered.map(({ id, name, email }) => (
            <MenuItem id={id} key={id} className="menu-item" textValue={name ?? email}>
              <CheckIcon />
              <Avatar id={id} name={name ?? email} size="small" />
              {name ?? email}
              {id === viewer.id && <span className="quiet">you</span>}
            </MenuItem>
          ))}
          <MenuItem id={nobody} className="menu-item menu-item-last" textValue="Nobody">
            <CheckIcon />
            Nobody
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
