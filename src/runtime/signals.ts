import type { Logger } from 'pino'

export type EndOptions = {
  log: Pick<Logger, 'info' | 'error' | 'flush'>
  /** Closes everything in order. Called once. */
  close(): Promise<void>
  /** When closing takes longer, the process ends with code 1. */
  timeoutMs: number
}

/** Ends the process in order at the first of these signals, and at once at the second. */
export function endOn(signals: readonly NodeJS.Signals[], { log, close, timeoutMs }: EndOptions): void {
  let isEnding = false
  const end = async (signal: NodeJS.Signals) => {
    if (isEnding) process.exit(1)
    isEnding = true
    log.info({ signal }, 'closing')
    setTimeout(() => {
      log.error('could not close in time')
      process.exit(1)
    }, timeoutMs).unref()
    try {
      await close()
      log.info('closed')
    } catch (error) {
      log.error({ err: error }, 'closing failed')
      process.exitCode = 1
    }
    // What the exit writes would come before what is being written.
    log.flush(() => process.exit())
  }
  for (const signal of signals) process.on(signal, () => void end(signal))
}
