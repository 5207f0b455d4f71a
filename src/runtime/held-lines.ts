/** Lines that are made later, all at once. */
export type HeldLines = {
  /** Holds a line until the others are made. */
  hold(make: () => void): void
  /** Makes all lines that are held, in their order. */
  makeAll(): void
  /** The time of the line that is being made, or of one that is made now, in milliseconds since 1970. */
  time(): number
}

const heldMs = 100
const maxLines = 256

/**
 * Holds lines for up to 100 ms, or until there are 256. Between the steps of other requests, making a line takes ten times
 * as long as after another line: its code and what it needs have to come into the caches of the processor each time. The
 * output makes what is held when the process exits.
 */
export function holdLines(): HeldLines {
  let lines: { at: number; make: () => void }[] = []
  let madeFor: number | null = null

  function makeAll(): void {
    const held = lines
    lines = []
    for (const { at, make } of held) {
      madeFor = at
      make()
    }
    madeFor = null
  }

  return {
    hold(make) {
      lines.push({ at: Date.now(), make })
      if (lines.length >= maxLines) makeAll()
      else if (lines.length === 1) setTimeout(makeAll, heldMs)
    },
    makeAll,
    time: () => madeFor ?? Date.now(),
  }
}
