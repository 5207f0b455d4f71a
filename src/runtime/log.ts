import { type DestinationStream, type Logger, pino } from 'pino'
import type { HeldLines } from './held-lines.ts'
import { redact } from './redact.ts'

const { info = 30 } = pino.levels.values

/** The fields of errors that say what failed. All others may hold rows, mails or addresses, and are left out. */
const shownFields = [
  'code',
  'errno',
  'syscall',
  'severity',
  'constraint',
  'table',
  'column',
  'routine',
  'command',
  'responseCode',
  'response',
] as const

/**
 * The only maker of logs. No line has secrets, e-mail addresses or texts of messages.
 * @param held where lines up to the level `info` wait; a warning or an error comes behind them at once. null: none waits
 */
export function createLog(destination: DestinationStream, held: HeldLines | null = null): Logger {
  return pino(
    {
      serializers: { err: shownError },
      formatters: { log: shownLine },
      timestamp: () => `,"time":${held?.time() ?? Date.now()}`,
      hooks: {
        logMethod(args, method, level) {
          const make = () => {
            const shown = args.map(arg => (typeof arg === 'string' ? redact(arg) : arg))
            method.apply(this, shown as typeof args)
          }
          if (held && level <= info) return held.hold(make)
          held?.makeAll()
          make()
        },
      },
    },
    destination,
  )
}

/** The demo's keys are logged on purpose, as `key` and in the address `inbox`: they open nothing but the demo. */
const notSecret = new Set(['key', 'inbox'])

/** Copies nothing unless it must: there are two lines for each request. */
function shownLine(fields: Record<string, unknown>): Record<string, unknown> {
  let shown = fields
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || notSecret.has(name)) continue
    const redacted = redact(value)
    if (redacted !== value) shown = { ...shown, [name]: redacted }
  }
  return shown
}

function shownError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? redact(error) : typeof error
  const fields = error as Error & Record<string, unknown>
  const shown = shownFields.flatMap(name => {
    const value = fields[name]
    return value === undefined ? [] : [[name, typeof value === 'string' ? redact(value) : value]]
  })
  return {
    type: error.name,
    message: messageOf(error),
    stack: stackOf(error),
    ...Object.fromEntries(shown),
    ...(depth < 3 && error.cause ? { cause: shownError(error.cause, depth + 1) } : {}),
    ...(depth < 3 && error instanceof AggregateError
      ? { errors: error.errors.slice(0, 10).map(each => shownError(each, depth + 1)) }
      : {}),
  }
}

/** PostgreSQL quotes the value in the message of a data exception (class 22 of its error codes). */
function messageOf(error: Error & { severity?: unknown; code?: unknown }): string {
  const isDataException = error.severity !== undefined && String(error.code).startsWith('22')
  return redact(isDataException ? error.message.replace(/".*"/s, '"[value]"') : error.message)
}

/** The frames alone: a stack begins with the message. */
const stackOf = ({ stack = '' }: Error) => redact(stack.slice(Math.max(0, stack.search(/^\s+at /m))))

/** Whether a log writes lines of the level `info`, which are made for each request and operation. */
export const writesEachRequest = ({ level }: { level: string }): boolean =>
  ['info', 'debug', 'trace'].includes(level)
