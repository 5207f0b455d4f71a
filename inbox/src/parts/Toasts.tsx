import { createContext, use, useMemo } from 'react'
import { Button } from 'react-aria-components'
import { CloseIcon } from './icons.tsx'
import { createStore, type ReadableStore, useStore } from './store.ts'

type Toast = { id: number; text: string; isProblem: boolean; action?: { label: string; run(): void } }

export type ToastQueue = ReadableStore<Toast[]> & {
  /** Shows a sentence for some seconds, with at most one thing to do. */
  say(text: string, action?: Toast['action']): void
  /** Shows what went wrong, until it is closed or five others have come. */
  warn(error: unknown): void
  close(id: number): void
}

const shownMs = 6_000
const mostShown = 5

export const ToastsContext = createContext<ToastQueue | null>(null)

export function useToasts(): ToastQueue {
  const queue = use(ToastsContext)
  if (!queue) throw new Error('There are no toasts above this component.')
  return queue
}

export const useToastQueue = (): ToastQueue => useMemo(createQueue, [])

function createQueue(): ToastQueue {
  const shown = createStore<Toast[]>([])
  let last = 0
  const close = (id: number) => shown.set(shown.get().filter(toast => toast.id !== id))
  const add = (toast: Omit<Toast, 'id'>) => {
    const id = ++last
    shown.set([...shown.get(), { ...toast, id }].slice(-mostShown))
    return id
  }
  return {
    ...shown,
    close,
    say(text, action) {
      const id = add({ text, isProblem: false, ...(action && { action }) })
      setTimeout(() => close(id), shownMs)
    },
    warn(error) {
      add({ text: error instanceof Error ? error.message : String(error), isProblem: true })
    },
  }
}

/** The sentences that are shown now, in a live region, so that screen readers say them. */
export function Toasts({ queue }: { queue: ToastQueue }) {
  const toasts = useStore(queue)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, isProblem, action }) => (
        <div className={isProblem ? 'toast toast-problem' : 'toast'} key={id}>
          <span>{text}</span>
          {action && (
            <Button
              className="toast-action"
              onPress={() => {
                action.run()
                queue.close(id)
              }}
            >
              {action.label}
            </Button>
          )}
          <Button className="icon-button" aria-label="Dismiss" onPress={() => queue.close(id)}>
            <CloseIcon />
          </Button>
        </div>
      ))}
    </div>
  )
}
