import { useEffect, useRef, useState } from 'react'
import { Button, Input, SearchField } from 'react-aria-components'
import { CloseIcon, SearchIcon } from '../parts/icons.tsx'
import { go, usePlace } from '../place.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'

/** How long a typist may pause before the list is asked for. */
const pauseMs = 150

/** Searches while it is typed in. */
export function SearchBox() {
  const { search } = usePlace()
  const [text, setText] = useState(search)
  const input = useRef<HTMLInputElement>(null)
  useShortcuts({ '/': () => input.current?.focus() })
  const sent = useRef(search)
  // The address may change by other means: the back button, or a list that asks to show everything.
  useEffect(() => {
    if (search === sent.current) return
    sent.current = search
    setText(search)
  }, [search])
  useEffect(() => {
    const timer = setTimeout(() => {
      sent.current = text.trim()
      go({ search: sent.current })
    }, pauseMs)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <SearchField className="search" aria-label="Search conversations" value={text} onChange={setText}>
      <SearchIcon />
      <Input
        ref={input}
        placeholder="Search"
        maxLength={200}
        onKeyDown={event => event.key === 'Escape' && text === '' && input.current?.blur()}
      />
      <kbd>/</kbd>
      <Button className="icon-button" aria-label="Clear the search">
        <CloseIcon />
      </Button>
    </SearchField>
  )
}
