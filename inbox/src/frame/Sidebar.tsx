import { Button } from 'react-aria-components'
import type { Scope } from '../list/view.ts'
import type { LiveCounts } from '../live/use-counts.ts'
import { Avatar } from '../parts/Avatar.tsx'
import {
  HelpIcon,
  InboxIcon,
  LogoIcon,
  PersonIcon,
  PlusIcon,
  SignOutIcon,
  UnassignedIcon,
  UnreadIcon,
} from '../parts/icons.tsx'
import { go, usePlace } from '../place.ts'
import { useSession, useTeam } from './context.ts'
import { Traffic } from './Traffic.tsx'

type Props = {
  /** The name of the workspace. */
  name: string
  counts: LiveCounts
  onSheet(sheet: 'help' | 'new'): void
}

/** The team's inbox in four parts, each with its live count, and what belongs to the whole page. */
export function Sidebar({ name, counts: { ofWorkspace, ofViewer }, onSheet }: Props) {
  const { signOut } = useSession()
  const { viewer: me, canWrite } = useTeam()
  return (
    <nav className="sidebar" aria-label="Inbox">
      <header>
        <LogoIcon />
        <strong>{name}</strong>
      </header>
      <Button className="button button-wide new-button" isDisabled={!canWrite} onPress={() => onSheet('new')}>
        <PlusIcon />
        <span className="label">New conversation</span>
      </Button>
      <ul>
        <Item scope="all" label="Inbox" icon={<InboxIcon />} count={ofWorkspace.open} />
        {ofViewer && <Item scope="mine" label="Mine" icon={<PersonIcon />} count={ofViewer.open} />}
        <Item
          scope="unassigned"
          label="Unassigned"
          icon={<UnassignedIcon />}
          count={ofWorkspace.unassigned}
        />
        <Item scope="unread" label="Unread" icon={<UnreadIcon />} count={ofWorkspace.unread} />
      </ul>
      <footer>
        <Traffic />
        {!canWrite && <p className="read-only">Read only: this key may not change conversations.</p>}
        <div className="viewer">
          <Avatar id={me.id} name={me.name ?? 'Key'} size="small" />
          <span className="viewer-name">{me.name ?? 'API key'}</span>
          <Button className="icon-button" aria-label="Keyboard shortcuts" onPress={() => onSheet('help')}>
            <HelpIcon />
          </Button>
          <Button className="icon-button" aria-label="Sign out" onPress={signOut}>
            <SignOutIcon />
          </Button>
        </div>
      </footer>
    </nav>
  )
}

type ItemProps = { scope: Scope; label: string; icon: React.ReactNode; count: number }

function Item({ scope, label, icon, count }: ItemProps) {
  const place = usePlace()
  const isCurrent = place.scope === scope
  return (
    <li>
      <Button
        className={isCurrent ? 'nav-item nav-item-current' : 'nav-item'}
        aria-current={isCurrent ? 'page' : undefined}
        onPress={() => go({ scope, status: 'OPEN', assignee: null, conversation: null })}
      >
        {icon}
        <span className="label">{label}</span>
        <span className="count">{count.toLocaleString()}</span>
      </Button>
    </li>
  )
}
