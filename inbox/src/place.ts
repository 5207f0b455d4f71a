import { useSyncExternalStore } from 'react'
import { type Scope, type Source, type Status, scopes, sources, statuses, type View } from './list/view.ts'

/** What the page shows. It is in the address, so that a reload, a link and the back button keep it. */
export type Place = {
  scope: Scope
  status: Status
  source: Source | null
  /** The agent that the list is filtered by; null: any. */
  assignee: string | null
  search: string
  /** The conversation that is open; null: none. */
  conversation: string | null
}

/** What a place shows. `viewerId`: who looks, whose conversations are `mine`. */
export const viewOf = (
  { scope, assignee, ...place }: Omit<Place, 'conversation'>,
  viewerId: string,
): View => ({
  ...place,
  scope,
  agentId: scope === 'mine' ? viewerId : assignee,
})

const oneOf = <Value extends string>(values: readonly Value[], value: string | null): Value | null =>
  values.find(each => each === value) ?? null

function read(query: string): Place {
  const parameters = new URLSearchParams(query)
  return {
    scope: oneOf(scopes, parameters.get('scope')) ?? 'all',
    status: oneOf(statuses, parameters.get('status')) ?? 'OPEN',
    source: oneOf(sources, parameters.get('source')),
    assignee: parameters.get('assignee'),
    search: parameters.get('search') ?? '',
    conversation: parameters.get('conversation'),
  }
}

const usual: Partial<Record<keyof Place, string>> = { scope: 'all', status: 'OPEN', search: '' }

function write(place: Place): string {
  const parameters = Object.entries(place).filter(
    ([name, value]) => value !== null && value !== usual[name as keyof Place],
  )
  const query = new URLSearchParams(parameters as [string, string][]).toString()
  return query ? `?${query}` : '/'
}

let current = { query: location.search, place: read(location.search) }

/** One object for as long as the address stays, as React compares by identity. */
export function placeNow(): Place {
  if (current.query !== location.search) current = { query: location.search, place: read(location.search) }
  return current.place
}

const listeners = new Set<() => void>()
const tell = () => {
  for (const listener of [...listeners]) listener()
}

/** Changes some of what the page shows. Opening another conversation can be undone by the back button. */
export function go(change: Partial<Place>): void {
  const place = { ...placeNow(), ...change }
  if (write(place) === write(placeNow())) return
  const isStep = place.conversation !== placeNow().conversation || place.scope !== placeNow().scope
  history[isStep ? 'pushState' : 'replaceState'](null, '', write(place))
  tell()
}

export const usePlace = (): Place => useSyncExternalStore(subscribe, placeNow)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (listeners.size === 1) addEventListener('popstate', tell)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('popstate', tell)
  }
}
