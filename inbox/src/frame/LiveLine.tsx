import { useEffect, useState } from 'react'
import { useStore } from '../parts/store.ts'
import { useSession } from './context.ts'

const shownMs = 4_000

/** One quiet line while the connection is away, and when it has come back. */
export function LiveLine() {
  const state = useStore(useSession().liveState)
  const [wasLost, setWasLost] = useState(false)
  useEffect(() => {
    if (state === 'lost') setWasLost(true)
    if (state !== 'live' || !wasLost) return
    const timer = setTimeout(() => setWasLost(false), shownMs)
    return () => clearTimeout(timer)
  }, [state, wasLost])
  const line = lineOf(state === 'lost', wasLost)
  return (
    <p className={line ? 'live-line live-line-shown' : 'live-line'} role="status">
      {line}
    </p>
  )
}

function lineOf(isLost: boolean, wasLost: boolean): string | null {
  if (isLost) return 'Reconnecting. What happens meanwhile will be shown.'
  return wasLost ? 'Connected again. What happened meanwhile is coming in.' : null
}
