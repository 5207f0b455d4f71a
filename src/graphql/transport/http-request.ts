import type { ExecutionResult } from 'graphql'
import type { Actor } from '../../domain/operation.ts'
import type { Trace } from '../../runtime/traces.ts'
import type { RequestLog } from '../execution/errors.ts'
import type { PreparedOperation, Rejected } from '../execution/prepare.ts'

/** What has been done for a request already. Yoga goes on from there. */
export type Begun = { operation: PreparedOperation | Rejected; result?: ExecutionResult }

/** What the HTTP route knows about a request. */
export type HttpRequest = RequestLog & {
  actor: Actor
  /** Where the request is in a trace; null: it is in none. */
  trace: Trace | null
  /** Called when the response is an event stream, which stays open. */
  onEventStream(): void
  /** The header `Last-Event-ID`. */
  lastEventId: string | undefined
  /** Called with the bytes of an answer that is about to leave. */
  onAnswer(bytes: number): void
  /** Counts one more event stream of the key until the response ends. Returns false if the key has too many. */
  takeStream(): boolean
  /** Resolves when no part of the response waits for its client, or when the client has left. */
  drained(): Promise<void>
  /** Whether the header `X-Query-Cost` asks for the cost of the operation. */
  tellsCost: boolean
  /** What has been done for the request before Yoga was asked. */
  begun: Begun | null
  /** Aborts when the client leaves. */
  signal: AbortSignal
}
