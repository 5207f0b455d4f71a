/** Lines that are made later, all at once. */
export type HeldLines = {
  /** Holds a line until the others are made. */
  hold(make: () => void): void
  /** Makes all lines that are held, in their order. If one fails, those behind it are made the next time. */
  makeAll(): void
  /** The time of the line that is being made, or of one that is made now, in milliseconds since 1970. */
  time(): number
}

const maxLines = 256

/**
 * Holds up to 256 lines, until the output makes them. Between the steps of other requests, making a line takes ten times
 * as long as after another line: its code and what it needs have to come into the caches of the processor each time.
 */
export function holdLines(): HeldLines {
  const lines: { at: number; make: () => void }[] = []
  let madeFor: number | null = null

  function makeAll(): void {
    let made = 0
    try {
      for (const { at, make } of lines) {
        made++
        madeFor = at
        make()
      }
    } finally {
      lines.splice(0, made)
      madeFor = null
    }
  }

  return {
    hold(make) {
      lines.push({ at: Date.now(), make })
      if (lines.length >= maxLines) makeAll()
    },
    makeAll,
    time: () => madeFor ?? Date.now(),
  }
}
