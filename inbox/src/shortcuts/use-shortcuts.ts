import { useEffect, useRef } from 'react'
import type { Shortcut } from './shortcuts.ts'

type Handlers = Partial<Record<Shortcut, () => void>>

/** Calls a handler when its key is pressed, unless somebody is typing or a dialog or menu is open. */
export function useShortcuts(handlers: Handlers): void {
  const latest = useRef(handlers)
  useEffect(() => {
    latest.current = handlers
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const handler = latest.current[event.key as Shortcut]
      if (!handler || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return
      // A key that is held moves on, and does nothing else twice.
      if (event.repeat && event.key !== 'j' && event.key !== 'k') return
      event.preventDefault()
      event.stopPropagation()
      handler()
    }
    // Before the list sees the key, which would look for a row that begins with it.
    addEventListener('keydown', onKey, { capture: true })
    return () => removeEventListener('keydown', onKey, { capture: true })
  }, [])
}

function isBusy(target: EventTarget | null): boolean {
  const isTyping =
    target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select')
  return isTyping || document.querySelector('[role=dialog], [role=menu], [role=listbox]') !== null
}
