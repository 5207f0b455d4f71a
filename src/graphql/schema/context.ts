import type { FastifyBaseLogger } from 'fastify'
import type { Db } from '../../db/db.ts'
import type { OnStatement, Share } from '../../db/share.ts'
import { traceStatement } from '../../db/trace-statement.ts'
import { type ErrorCode, refusal } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Actor, Operation } from '../../domain/operation.ts'
import type { Broadcasts } from '../../live/broadcasts.ts'
import type { LiveCounts } from '../../live/counts.ts'
import type { Feeds } from '../../live/feeds.ts'
import type { Outbox } from '../../mail/outbound/outbox.ts'
import type { Budget } from '../../runtime/budget.ts'
import type { Quota } from '../../runtime/quota.ts'
import type { Trace } from '../../runtime/traces.ts'
import type { Owner } from '../../runtime/turns.ts'
import type { AnswerBytes } from './answer-bytes.ts'
import { createLoaders, type Loaders, type Loading, type RelatedRows, type RowLoaders } from './loaders.ts'
import type { SharedRows } from './shared-rows.ts'

/** What the graph uses of the rooms below, the same for every request. */
export type GraphRooms = Pick<Operation, 'announce'> & {
  /** Begins to count the bytes of an answer among those of an owner; null: among nobody's. */
  openAnswer(owner: string | null): AnswerBytes
  /** Checks that a key has not ended since its actor was found. @throws Refusal UNAUTHENTICATED */
  confirm(actor: Actor): Promise<void>
  /** What each key has unsent. */
  unsent: Quota
  /** The bytes of text that each workspace may add. */
  text: Budget
  /** The changes that each workspace may make. */
  changes: Budget
  limits: Pick<Limits, 'maxPageSize' | 'maxListValues' | 'maxAnswerBytes'>
  share: Share
  /** The database as a query sees it, which may read from a replica. */
  shareForQueries: Share
  sharedRows: SharedRows
  feeds: Feeds
  broadcasts: Broadcasts
  counts: LiveCounts
  outbox: Outbox
}

/** The caller, and its request. */
export type Caller = Pick<Operation, 'actor' | 'trace'> & {
  requestId: string
  log: FastifyBaseLogger
  /** Aborts when the client has left: no further statement begins. */
  signal?: AbortSignal | undefined
  /** Called with the bytes of an answer that is about to leave. */
  onAnswer?: ((bytes: number) => void) | undefined
  /** Whether the caller itself counts the bytes of an answer, as it leaves in another form. */
  countsAnswer?: boolean | undefined
  /** Whether the response tells what the operation costs. */
  tellsCost?: boolean | undefined
  /** The last cursor that a reconnecting event stream has seen. It takes precedence over `after`. */
  lastEventId?: string | undefined
}

/** The context of a resolver: one actor, and loaders that cache for one request or one event. */
export type Context = GraphRooms &
  Caller &
  Pick<Operation, 'db'> & {
    loaders: Loaders
    related: RelatedRows
    bytes: AnswerBytes
    /** How many statements have been sent for the request so far. */
    statements(): number
    /** Whether the caller has left. */
    hasLeft(): boolean
    /** Where the operation is in a trace: below its caller's place, once it has begun. */
    trace: Trace | null
    /** The codes of the `userErrors` of a mutation. */
    refusals: ErrorCode[]
    /** Cancels the statements of an answer that is not wanted any more. */
    giveUp(): void
  }

const loaded = (loading: Loading & { db: Db }) => ({
  db: loading.db,
  bytes: loading.bytes,
  related: loading.related,
  loaders: createLoaders(loading),
})

/** The context of a request. */
export function createContext(
  rooms: GraphRooms,
  caller: Caller,
  { kind, related }: { kind: 'query' | 'mutation' | 'subscription'; related: RelatedRows },
): Context {
  const { actor } = caller
  const { signal, giveUp } = withEnd(caller.signal)
  const { workspaceId } = actor
  const bytes = rooms.openAnswer(actor.keyId)
  let statements = 0
  const onStatement: OnStatement = text => {
    statements++
    return traceStatement(context.trace, text)
  }
  const share = kind === 'query' ? rooms.shareForQueries : rooms.share
  const db = share({ ...actor }, signal, onStatement)
  const context: Context = {
    ...rooms,
    ...caller,
    signal,
    giveUp,
    trace: caller.trace ?? null,
    statements: () => statements,
    hasLeft: () => caller.signal?.aborted ?? false,
    refusals: [],
    ...loaded({ db, workspaceId, bytes, related, signal, shared: null }),
  }
  return context
}

/** A signal that also aborts when `giveUp` is called. `AbortSignal.any` takes several times as long. */
function withEnd(left: AbortSignal | undefined): Pick<Context, 'giveUp'> & { signal: AbortSignal } {
  const over = new AbortController()
  const giveUp = () => over.abort(left?.reason ?? givenUp)
  if (left?.aborted) giveUp()
  else left?.addEventListener('abort', giveUp, { once: true })
  return { signal: over.signal, giveUp }
}

/** The reason when an answer is given up. Nobody reads it. */
const givenUp = refusal('UNAVAILABLE', 'The answer has been given up.')

/** Drops all loaded rows: after a change, lists and counts are read again. */
export function clearLoaders(context: Context): void {
  const { db, actor, bytes, related, signal } = context
  const { workspaceId } = actor
  context.loaders = createLoaders({ db, workspaceId, bytes, related, signal, shared: null })
}

export type EventExecution = {
  /** In whose turns the event is executed. */
  owner: Owner
  /** Aborts when all who share the subscription have left. */
  signal: AbortSignal
  /** Among whose bytes the answer counts; null: they are held already. */
  bytesOf: string | null
  /** The rows that it shares with the event's other executions; null: none. */
  shared: RowLoaders | null
}

/**
 * The turns in which a key's events are executed. They are apart from those of its operations, and live events are apart
 * from catch-ups: neither must keep other subscribers waiting.
 */
export const eventOwner = (workspaceId: string, apiKeyId: string, isCatchUp: boolean): Owner => ({
  workspaceId,
  keyId: `${isCatchUp ? 'catch-ups' : 'events'} ${apiKeyId}`,
  apiKeyId,
})

/** The context for executing an event for all who share a subscription: no caller, and the scope `read`. */
export function eventContext(context: Context, { owner, signal, bytesOf, shared }: EventExecution): Context {
  const { workspaceId, keyId } = owner
  const actor = { workspaceId, id: '', keyId, scopes: ['read'] as const }
  const ofCaller = { lastEventId: undefined, onAnswer: undefined, tellsCost: undefined, giveUp() {} }
  const bytes = context.openAnswer(bytesOf)
  const { related } = context
  const onStatement: OnStatement = text => traceStatement(ofEvent.trace, text)
  const db = context.share(owner, signal, onStatement)
  const ofEvent: Context = {
    ...context,
    ...ofCaller,
    actor,
    signal,
    trace: null,
    ...loaded({ db, workspaceId, bytes, related, signal, shared }),
  }
  return ofEvent
}
