import { useCallback, useEffect, useMemo, useState } from 'react'
import { graphql, useLazyLoadQuery } from 'react-relay/hooks.js'
import type { InboxQuery } from '../__generated__/InboxQuery.graphql.ts'
import { ConversationPane } from '../conversation/ConversationPane.tsx'
import { BulkBar } from '../list/BulkBar.tsx'
import { ListPane } from '../list/ListPane.tsx'
import { useCounts } from '../live/use-counts.ts'
import { Toasts, ToastsContext, useToastQueue } from '../parts/Toasts.tsx'
import { usePlace } from '../place.ts'
import { HelpSheet } from '../shortcuts/HelpSheet.tsx'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { type Team, TeamContext, useSession } from './context.ts'
import { LiveLine } from './LiveLine.tsx'
import { NewConversation } from './NewConversation.tsx'
import { Sidebar } from './Sidebar.tsx'

/** The page: who works here, the list, and the open conversation. */
export function Inbox({ fetchKey }: { fetchKey: string }) {
  const { follower } = useSession()
  const { workspace, viewer, credential, agents } = useLazyLoadQuery<InboxQuery>(
    graphql`
      query InboxQuery {
        workspace {
          id
          eventCursor
          name
          ...useCounts_workspace
        }
        viewer {
          __typename
          id
          name
          ...useCounts_viewer
        }
        credential {
          id
          scopes
        }
        agents(first: 100) {
          edges {
            node {
              id
              name
              email
              isActive
            }
          }
        }
      }
    `,
    {},
    { fetchPolicy: 'network-only', fetchKey },
  )
  const { eventCursor } = workspace
  // biome-ignore lint/correctness/useExhaustiveDependencies: later answers tell the follower their own positions.
  useEffect(() => {
    follower.start(eventCursor)
  }, [follower, fetchKey])
  const team: Team = useMemo(
    () => ({
      workspaceId: workspace.id,
      viewer: { id: viewer.id, type: viewer.__typename, name: viewer.name },
      canWrite: credential.scopes.includes('WRITE'),
      agents: agents.edges.map(({ node }) => node),
    }),
    [workspace.id, viewer.id, viewer.__typename, viewer.name, credential.scopes, agents.edges],
  )
  return (
    <TeamContext value={team}>
      <Frame workspace={workspace} viewer={viewer} />
    </TeamContext>
  )
}

type FrameProps = Pick<InboxQuery['response'], 'workspace' | 'viewer'>

function Frame({ workspace, viewer }: FrameProps) {
  const place = usePlace()
  const counts = useCounts(workspace, viewer)
  const toasts = useToastQueue()
  const [sheet, setSheet] = useState<'help' | 'new' | null>(null)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const select = useCallback(
    (next: ReadonlySet<string>) => setSelected(last => (last.size + next.size === 0 ? last : next)),
    [],
  )
  useShortcuts({ '?': () => setSheet('help'), c: () => setSheet('new') })
  return (
    <ToastsContext value={toasts}>
      <div className={place.conversation === null ? 'frame' : 'frame frame-open'}>
        <Sidebar name={workspace.name} counts={counts} onSheet={setSheet} />
        <main className="list-pane" aria-label="Conversations">
          <ListPane counts={counts} selected={selected} onSelect={select} onSheet={setSheet} />
          {selected.size > 0 && <BulkBar selected={selected} onDone={() => select(new Set())} />}
          <LiveLine />
        </main>
        <section className="conversation-pane" aria-label="Conversation">
          <ConversationPane id={place.conversation} />
        </section>
      </div>
      <Toasts queue={toasts} />
      <HelpSheet isOpen={sheet === 'help'} onClose={() => setSheet(null)} />
      <NewConversation isOpen={sheet === 'new'} onClose={() => setSheet(null)} />
    </ToastsContext>
  )
}
