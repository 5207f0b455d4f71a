import { CloseCode } from 'graphql-ws'
import { hasMoreJsonValues } from '../../../http/json-values.ts'

/** What a message means for the socket: it is passed on, it leaves an operation first, or the socket is closed. */
export type Decision = 'pass' | { leaves: string } | { code: number; reason: string }

/** Before a key is shown, a message is a `connection_init` or a ping. Both are short. */
const maxInitCharacters = 4_096
/** Longer messages are not looked at for what they leave. */
const maxCompleteCharacters = 1_024
const windowMs = 10_000

export type IncomingLimits = { maxMessagesPerSecond: number; maxJsonValues: number }

/** Looks at each message of one socket before the protocol does. */
export function watchIncoming({
  maxMessagesPerSecond,
  maxJsonValues,
}: IncomingLimits): (text: string, isKnown: boolean) => Decision {
  const maxMessages = (maxMessagesPerSecond * windowMs) / 1_000
  let messages = 0
  let windowBegan = performance.now()

  function isTooFast(): boolean {
    const now = performance.now()
    if (now - windowBegan > windowMs) {
      windowBegan = now
      messages = 0
    }
    return ++messages > maxMessages
  }

  return (text, isKnown) => {
    if (isTooFast()) return { code: 4429, reason: 'Too many messages' }
    if (!isKnown && text.length > maxInitCharacters) return { code: 1009, reason: 'Message too large' }
    if (hasMoreJsonValues(text, maxJsonValues)) return { code: 1009, reason: 'Too many values' }
    const message = text.length > maxCompleteCharacters ? null : parsed(text)
    if (message?.type === 'complete' && typeof message.id === 'string') return { leaves: message.id }
    return 'pass'
  }
}

/** Whether an error of the protocol is a message that only servers send. Only its words tell. */
export const isUnexpectedMessage = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Unexpected message of type')

export const unexpectedMessage = { code: CloseCode.BadRequest, reason: 'Invalid message received' }

type Message = { type?: unknown; id?: unknown } | null

function parsed(text: string): Message {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
