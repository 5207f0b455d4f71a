/** Work that is repeated, one round after the other. */
export type Repetition = {
  /** Begins the next round now, or right after the running one. */
  wake(): void
  /** Begins no further round. Resolves when the running round has ended. */
  stop(): Promise<void>
}

export type RepeatOptions = {
  /** How long to wait after a round, in milliseconds. */
  everyMs: number
  /** How long to wait before the first round, in milliseconds; left out: it begins at once. */
  firstAfterMs?: number
  /**
   * How long to wait after one failed round, after two in a row and so on. The last value is used for all further ones.
   */
  backoffMs?: readonly number[]
  /** Called with the error of a round. The next round still comes. */
  onError(error: unknown): void
}

/** Repeats `work` until it is stopped. The signal tells a long round that it should end. */
export function repeat(
  work: (signal: AbortSignal) => Promise<void> | void,
  { everyMs, firstAfterMs = 0, backoffMs = [everyMs], onError }: RepeatOptions,
): Repetition {
  const stopping = new AbortController()
  let isWoken = false
  let endRest = () => {}

  function rest(milliseconds: number): Promise<void> | void {
    if (milliseconds === 0 || isWoken || stopping.signal.aborted) return
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function run(): Promise<void> {
    let failures = 0
    await rest(firstAfterMs)
    while (!stopping.signal.aborted) {
      isWoken = false
      try {
        await work(stopping.signal)
        failures = 0
      } catch (error) {
        failures++
        onError(error)
      }
      await rest(failures === 0 ? everyMs : (backoffMs[failures - 1] ?? backoffMs.at(-1) ?? everyMs))
    }
  }
  const running = run()

  return {
    wake() {
      isWoken = true
      endRest()
    },
    stop() {
      stopping.abort()
      endRest()
      return running
    },
  }
}
