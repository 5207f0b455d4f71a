import { Histogram, type HistogramConfiguration } from 'prom-client'

type Observation<Label extends string> = { labels: Partial<Record<Label, string | number>>; value: number }

const maxHeld = 256

/**
 * A histogram that is told its values later, many at once: when somebody reads it, or when there are 256. It is for what
 * happens with each request, for the reason that `holdLines` has.
 */
export function heldHistogram<Label extends string>(
  configuration: HistogramConfiguration<Label>,
): { observe(labels: Observation<Label>['labels'], value: number): void } {
  let held: Observation<Label>[] = []
  const histogram = new Histogram({ ...configuration, collect: observeAll })

  function observeAll(): void {
    const observations = held
    held = []
    for (const { labels, value } of observations) histogram.observe(labels, value)
  }

  return {
    observe(labels, value) {
      held.push({ labels, value })
      if (held.length >= maxHeld) observeAll()
    },
  }
}
