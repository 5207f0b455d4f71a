import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from 'react-aria-components'
import { useTeam } from '../frame/context.ts'
import { CheckIcon, FilterIcon } from '../parts/icons.tsx'
import { go, usePlace } from '../place.ts'
import { type Source, sources } from './view.ts'

export const sourceLabels: Record<Source, string> = {
  EMAIL: 'Email',
  CHAT: 'Chat',
  FORM: 'Form',
  API: 'API',
}

/** Filters the list by source and by assignee. Choosing a value again removes its filter. */
export function FilterMenu() {
  const { source, assignee, scope } = usePlace()
  const { agents } = useTeam()
  const isActive = source !== null || assignee !== null
  return (
    <MenuTrigger>
      <Button
        className={isActive ? 'icon-button icon-button-active' : 'icon-button'}
        aria-label={isActive ? 'Filter, in use' : 'Filter'}
      >
        <FilterIcon />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu">
          <MenuSection
            selectionMode="single"
            selectedKeys={source === null ? [] : [source]}
            onSelectionChange={keys => go({ source: (only(keys) as Source | undefined) ?? null })}
          >
            <Header>Source</Header>
            {sources.map(each => (
              <Choice id={each} key={each} label={sourceLabels[each]} />
            ))}
          </MenuSection>
          {(scope === 'all' || scope === 'unread') && (
            <MenuSection
              selectionMode="single"
              selectedKeys={assignee === null ? [] : [assignee]}
              onSelectionChange={keys => go({ assignee: only(keys) ?? null })}
            >
              <Header>Assignee</Header>
              {agents.map(({ id, name, email }) => (
                <Choice id={id} key={id} label={name ?? email} />
              ))}
            </MenuSection>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function Choice({ id, label }: { id: string; label: string }) {
  return (
    <MenuItem id={id} className="menu-item" textValue={label}>
      <CheckIcon />
      {label}
    </MenuItem>
  )
}

function only(keys: 'all' | Set<string | number>): string | undefined {
  const [key] = keys === 'all' ? [] : keys
  return key === undefined ? undefined : String(key)
}
