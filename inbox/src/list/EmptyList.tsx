import { Button } from 'react-aria-components'
import { InboxIcon, SearchIcon } from '../parts/icons.tsx'
import { go } from '../place.ts'
import type { View } from './view.ts'

/** What a list without conversations says. */
export function EmptyList({ view }: { view: View }) {
  const [title, text] = sentencesOf(view)
  const isNarrowed = view.search !== '' || view.source !== null
  return (
    <div className="empty">
      <span className="empty-icon">{view.search ? <SearchIcon /> : <InboxIcon />}</span>
      <h2>{title}</h2>
      <p>{text}</p>
      {isNarrowed && (
        <Button className="button" onPress={() => go({ search: '', source: null, assignee: null })}>
          Show all
        </Button>
      )}
    </div>
  )
}

function sentencesOf({ scope, status, search, source }: View): [string, string] {
  if (search) return ['Nothing found', `No conversation here has “${search}”. The other tabs may have one.`]
  if (source !== null) return ['Nothing here', 'No conversation matches the filter.']
  if (status === 'CLOSED') return ['Nothing is closed', 'Conversations that are done come here.']
  if (status === 'ARCHIVED') return ['Nothing is archived', 'Conversations that you archive come here.']
  if (scope === 'mine') return ['Nothing is assigned to you', 'Take one from the unassigned conversations.']
  if (scope === 'unassigned') return ['Everything has an owner', 'New conversations will come here.']
  if (scope === 'unread') return ['Everything is read', 'New messages will come here.']
  return ['All done', 'Nothing is open. New conversations will come here by themselves.']
}
