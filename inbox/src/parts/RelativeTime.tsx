import { createStore, useStore } from './store.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const now = createStore(Date.now())
setInterval(() => now.set(Date.now()), 15_000)

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })

/** How long ago a time was, in a few characters. It keeps moving; the exact time is shown on hover. */
export function RelativeTime({ time, className }: { time: string; className?: string }) {
  const current = useStore(now)
  const date = new Date(time)
  return (
    <time dateTime={time} title={exact.format(date)} className={className}>
      {shortly(date, Math.max(current, Date.now()))}
    </time>
  )
}

function shortly(date: Date, current: number): string {
  const age = current - date.getTime()
  if (age < minuteMs) return 'now'
  if (age < hourMs) return `${Math.floor(age / minuteMs)}m`
  if (age < dayMs) return `${Math.floor(age / hourMs)}h`
  if (age < 6 * dayMs) return weekday.format(date)
  return new Date(current).getFullYear() === date.getFullYear() ? day.format(date) : dayOfYear.format(date)
}
