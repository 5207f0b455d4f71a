import { Suspense, useDeferredValue, useEffect, useMemo } from 'react'
import { Button, Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import { useSession, useTeam } from '../frame/context.ts'
import { ErrorBoundary } from '../frame/ErrorBoundary.tsx'
import type { LiveCounts } from '../live/use-counts.ts'
import { HelpIcon, PlusIcon } from '../parts/icons.tsx'
import { go, type Place, usePlace, viewOf } from '../place.ts'
import { ConversationList } from './ConversationList.tsx'
import { connectionIdOf } from './connection-id.ts'
import { FilterMenu } from './FilterMenu.tsx'
import { LoadingRows } from './LoadingRows.tsx'
import { ScopeMenu } from './ScopeMenu.tsx'
import { SearchBox } from './SearchBox.tsx'
import { type Status, statuses, type View } from './view.ts'

type Props = {
  counts: LiveCounts
  selected: ReadonlySet<string>
  onSelect(selected: ReadonlySet<string>): void
  onSheet(sheet: 'help' | 'new'): void
}

/** The search, the tabs of the statuses, and the list. */
export function ListPane({ counts, selected, onSelect, onSheet }: Props) {
  const place = usePlace()
  const { viewer, canWrite } = useTeam()
  const { scope, status, source, assignee, search } = place
  const view: View = useMemo(
    () => viewOf({ scope, status, source, assignee, search }, viewer.id),
    [scope, status, source, assignee, search, viewer.id],
  )
  const { lists } = useSession()
  // It is known before its query is sent, so that a conversation that comes meanwhile finds it.
  useEffect(() => {
    const list = { connectionId: connectionIdOf(view), view }
    lists.add(list)
    return () => void lists.delete(list)
  }, [lists, view])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a selection belongs to the view that it was made in.
  useEffect(() => onSelect(new Set()), [view, onSelect])
  // The last list stays until the next one has come.
  const shownView = useDeferredValue(view)
  return (
    <Tabs className="list-tabs" selectedKey={status} onSelectionChange={key => go({ status: key as Status })}>
      <div className="list-header">
        <div className="list-bar">
          <ScopeMenu counts={counts} />
          <SearchBox key={scope} />
          <FilterMenu />
          <Button className="icon-button phone-only" aria-label="Shortcuts" onPress={() => onSheet('help')}>
            <HelpIcon />
          </Button>
          <Button
            className="icon-button phone-only"
            aria-label="New conversation"
            isDisabled={!canWrite}
            onPress={() => onSheet('new')}
          >
            <PlusIcon />
          </Button>
        </div>
        <TabList aria-label="Status" className="tabs">
          {statuses.map(each => (
            <Tab id={each} key={each} className="tab">
              {labels[each]}
              <Count value={countOf(counts, place, each)} />
            </Tab>
          ))}
        </TabList>
      </div>
      <TabPanel id={status} className="tab-panel" data-stale={shownView !== view || undefined}>
        <Suspense fallback={<LoadingRows />}>
          <ErrorBoundary key={JSON.stringify(shownView)}>
            {attempt => (
              <ConversationList
                view={shownView}
                fetchKey={attempt}
                selected={selected}
                onSelect={onSelect}
                openId={place.conversation}
              />
            )}
          </ErrorBoundary>
        </Suspense>
      </TabPanel>
    </Tabs>
  )
}

const labels: Record<Status, string> = { OPEN: 'Open', CLOSED: 'Closed', ARCHIVED: 'Archived' }

function Count({ value }: { value: number | null }) {
  return value === null ? null : <span className="count">{value.toLocaleString()}</span>
}

/** The kept count of a tab; null if none is kept for what is shown. */
function countOf({ ofWorkspace, ofViewer }: LiveCounts, place: Place, status: Status): number | null {
  const { scope, source, assignee, search } = place
  if (source !== null || assignee !== null || search !== '') return null
  const ofScope = scope === 'mine' ? ofViewer : ofWorkspace
  if (scope === 'all' || scope === 'mine') return ofScope?.[status.toLowerCase() as Lowercase<Status>] ?? null
  return status === 'OPEN' ? ofWorkspace[scope] : null
}
