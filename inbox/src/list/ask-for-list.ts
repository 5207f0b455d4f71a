import { fetchQuery, type GraphQLTaggedNode, graphql } from 'react-relay/hooks.js'
import type { Environment } from 'relay-runtime'
import type { askForListQuery } from '../__generated__/askForListQuery.graphql.ts'
import { type Place, viewOf } from '../place.ts'
import { filterOf, type View } from './view.ts'

export const pageSize = 50

export const listQuery: GraphQLTaggedNode = graphql`
  query askForListQuery($filter: ConversationFilter!, $count: Int!) {
    ...ConversationList_query @arguments(filter: $filter, count: $count)
  }
`

export const variablesOf = (view: View) => ({ filter: filterOf(view), count: pageSize })

/**
 * Asks for the list of a place before it is known who looks, so that its answer is there when the page is. If it is not yet
 * there, the list waits for this one; else it asks once more when it is shown.
 */
export function askForList(environment: Environment, place: Place): void {
  if (place.scope === 'mine') return
  const view = viewOf(place, '')
  // If it fails, the list shows the reason when it asks.
  fetchQuery<askForListQuery>(environment, listQuery, variablesOf(view)).subscribe({ error() {} })
}
