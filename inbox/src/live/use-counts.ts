import { useEffect, useMemo, useState } from 'react'
import { graphql, useFragment, useRelayEnvironment } from 'react-relay/hooks.js'
import { requestSubscription } from 'relay-runtime'
import type { useCounts_viewer$key } from '../__generated__/useCounts_viewer.graphql.ts'
import type { useCounts_workspace$key } from '../__generated__/useCounts_workspace.graphql.ts'
import type { useCountsSubscription } from '../__generated__/useCountsSubscription.graphql.ts'
import { createRetry } from './retry.ts'

type Counts = useCountsSubscription['response']['conversationCountsChanged']

export type LiveCounts = { ofWorkspace: Counts; ofViewer: Counts | null }

/** The live counts of the workspace, and of the viewer if it is an agent. */
export function useCounts(
  workspaceKey: useCounts_workspace$key,
  viewerKey: useCounts_viewer$key,
): LiveCounts {
  const workspace = useFragment(
    graphql`
      fragment useCounts_workspace on Workspace {
        conversationCounts {
          open
          closed
          archived
          unread
          unassigned
        }
      }
    `,
    workspaceKey,
  )
  const viewer = useFragment(
    graphql`
      fragment useCounts_viewer on Actor {
        ... on Agent {
          id
          conversationCounts {
            open
            closed
            archived
            unread
            unassigned
          }
        }
      }
    `,
    viewerKey,
  )
  return {
    ofWorkspace: useLiveCounts(null, true) ?? workspace.conversationCounts,
    ofViewer: useLiveCounts(viewer.id ?? null, viewer.id !== undefined) ?? viewer.conversationCounts ?? null,
  }
}

/** The newest counts; null until the first ones arrive. Each reconnect begins with the current ones. */
function useLiveCounts(agentId: string | null, isWanted: boolean): Counts | null {
  const environment = useRelayEnvironment()
  const [counts, setCounts] = useState<Counts | null>(null)
  const variables = useMemo(() => ({ agentId }), [agentId])
  useEffect(() => {
    if (!isWanted) return
    const retry = createRetry()
    let dispose = () => {}
    const begin = () => {
      ;({ dispose } = requestSubscription<useCountsSubscription>(environment, {
        subscription: graphql`
          subscription useCountsSubscription($agentId: ID) {
            conversationCountsChanged(agentId: $agentId) {
              open
              closed
              archived
              unread
              unassigned
            }
          }
        `,
        variables,
        onNext(response) {
          retry.reset()
          if (response) setCounts(response.conversationCountsChanged)
        },
        onError: error => retry.later(begin, error),
        onCompleted: () => retry.later(begin),
      }))
    }
    begin()
    return () => {
      retry.stop()
      dispose()
    }
  }, [environment, variables, isWanted])
  return counts
}
