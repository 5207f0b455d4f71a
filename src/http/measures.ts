import { Counter, Histogram, type Registry } from 'prom-client'
import { heldHistogram } from './held-histogram.ts'

/** What the other rooms tell as it happens. */
export type Measures = {
  /** An operation of the graph: its kind, its outcome, and how long it took. */
  operation(measured: { kind: string; outcome: string; seconds: number }): void
  /** A socket that has closed. */
  socketClosed(code: number): void
  /** A request or a socket without a valid key. */
  keyRefused(): void
  /** The stored outcome of an attempt to deliver a mail. */
  delivery(outcome: string): void
  /** An event that has been sent to all who were waiting for it, and when it happened. */
  eventSent(occurredAt: Date): void
  /** Rows that the retention has deleted. */
  deleted(what: string, count: number): void
}

/** Also what takes as long as a limit of time lets it. */
export const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function createMeasures(registry: Registry): Measures {
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })

  const operations = heldHistogram({
    name: 'gateway_operation_seconds',
    help: 'How long operations of the graph took, by kind and outcome: ok, opened for a subscription, or an error code.',
    buckets,
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  const eventDelays = new Histogram({
    name: 'gateway_event_delay_seconds',
    help: 'How long after an event its answer was handed to the connections of its live subscribers, once for each broadcast. The clocks of the database and of the gateway count.',
    buckets,
    registers: [registry],
  })
  const closes = counter(
    'gateway_socket_closes_total',
    'WebSockets that have closed, by the code of the close.',
    'code',
  )
  const refusedKeys = counter('gateway_refused_keys_total', 'Requests and WebSockets without a valid key.')
  const deliveries = counter(
    'gateway_deliveries_total',
    'Attempts to deliver a mail, by outcome: SENT, FAILED, UNCONFIRMED (perhaps sent), POSTPONED (tried again). Reports of bounces that come later are not counted.',
    'outcome',
  )
  const deletions = counter(
    'gateway_retention_deleted_total',
    'Rows that were deleted because they were too old: events, mails as they arrived, idempotency keys.',
    'what',
  )
  return {
    operation: ({ kind, outcome, seconds }) => operations.observe({ kind, outcome }, seconds),
    socketClosed: code => closes.inc({ code }),
    keyRefused: () => refusedKeys.inc(),
    delivery: outcome => deliveries.inc({ outcome }),
    eventSent: occurredAt => eventDelays.observe(Math.max(0, Date.now() - occurredAt.getTime()) / 1_000),
    deleted: (what, count) => deletions.inc({ what }, count),
  }
}
