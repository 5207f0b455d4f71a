import { useEffect, useState } from 'react'
import { useSession } from '../frame/context.ts'
import { isSearch, type View } from './view.ts'

/** A search is asked for at most this often again. */
const pauseMs = 1_000

/** A number that rises when a new message may have brought a conversation into the search of a view. */
export function useSearchAgain(view: View): number {
  const { searchable } = useSession()
  const [again, setAgain] = useState(0)
  useEffect(() => {
    if (!isSearch(view.search)) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const unsubscribe = searchable.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined
        setAgain(count => count + 1)
      }, pauseMs)
    })
    return () => {
      unsubscribe()
      clearTimeout(timer)
    }
  }, [searchable, view])
  return again
}
