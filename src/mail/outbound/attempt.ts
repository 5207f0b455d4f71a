import { setTimeout as after } from 'node:timers/promises'
import { type Claimed, postpone, renewLease } from '../../domain/delivery/claim.ts'
import { type Outcome, settle } from '../../domain/delivery/settle.ts'
import type { GatewayOperation } from '../../domain/operation.ts'
import { repeat } from '../../runtime/repeat.ts'
import { type Addresses, compose } from './compose.ts'
import type { MailTransport, Verdict } from './transport.ts'

export type AttemptOptions = GatewayOperation & {
  transport: MailTransport
  addresses: Addresses
  /** Called when the outcome of an attempt has been stored; POSTPONED: nothing was sent, and it is tried again. */
  onOutcome?(outcome: Outcome['status'] | 'POSTPONED'): void
  /** Called with each error of an attempt, such as a mail server that cannot be reached, and with the message. */
  onError(error: unknown, where?: { workspaceId: string; messageId: string }): void
}

/** Well inside the lease of 30 seconds, so that no other worker tries the same message meanwhile. */
const renewEveryMs = 10_000
const retryKeepingAfterMs = 1_000
/** With waits that grow from 30 seconds to an hour, this takes about four days (RFC 5321, 4.5.4.1). */
const maxAttempts = 100
const firstRetryAfterSeconds = 30
const maxRetryAfterSeconds = 3_600
/** The wait before a mail that may have arrived is sent again. Long enough for a bounce to come first. */
const retryUnconfirmedAfterSeconds = 900

/** Makes one attempt. The lease is renewed until the outcome is stored. */
export async function attemptDelivery(
  options: AttemptOptions,
  message: Claimed,
  cut: AbortSignal,
): Promise<void> {
  const { transport, addresses, db } = options
  const where = { workspaceId: message.workspaceId, messageId: message.id }
  const onError = (error: unknown) => options.onError(error, where)
  const taken = new AbortController()
  const renew = async () => {
    const isOurs = await db.transaction().execute(writer => renewLease(writer, message))
    if (!isOurs) taken.abort()
  }
  const renewing = repeat(renew, { everyMs: renewEveryMs, firstAfterMs: renewEveryMs, onError })
  try {
    const stop = AbortSignal.any([cut, taken.signal])
    const verdict = await transport.send(compose(message, addresses), stop)
    if ('error' in verdict) onError(verdict.error)
    // If the outcome were lost, an accepted mail would go out again. So it is retried until it is stored, the lease is
    // lost, or the outbox closes.
    await retryUntilDone(() => keepOutcome(options, message, verdict), stop, onError)
  } finally {
    await renewing.stop()
  }
}

async function retryUntilDone(
  work: () => Promise<void>,
  stop: AbortSignal,
  onError: (error: unknown) => void,
) {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      onError(error)
      if (stop.aborted) return
      await after(retryKeepingAfterMs, undefined, { signal: stop }).catch(() => {})
    }
  }
}

/** Stores the outcome of an attempt, and when the next one is due. */
async function keepOutcome(options: AttemptOptions, message: Claimed, verdict: Verdict): Promise<void> {
  const outcome = outcomeOf(message, verdict)
  if (outcome) await settle(options, message, outcome)
  else {
    const { attempts } = message
    const seconds = Math.min((firstRetryAfterSeconds / 2) * 2 ** attempts, maxRetryAfterSeconds)
    await options.db.transaction().execute(writer => postpone(writer, message, seconds))
  }
  options.onOutcome?.(outcome?.status ?? 'POSTPONED')
}

/** null: it is tried again, and nothing that the graph shows changes. */
function outcomeOf({ attempts, status }: Claimed, verdict: Verdict): Outcome | null {
  if (verdict.kind === 'accepted') return { status: 'SENT' }
  const { kind, reason } = verdict
  if (kind === 'refused') return { status: 'FAILED', reason, retryAfterSeconds: null }
  const isLast = attempts >= maxAttempts
  if (kind === 'lost' || (isLast && status === 'UNCONFIRMED')) {
    // Lost twice: a third copy helps nobody.
    const retryAfterSeconds = status === 'UNCONFIRMED' ? null : retryUnconfirmedAfterSeconds
    return { status: 'UNCONFIRMED', reason, retryAfterSeconds }
  }
  return isLast ? { status: 'FAILED', reason, retryAfterSeconds: null } : null
}
