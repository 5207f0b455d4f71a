import type pg from 'pg'
import { cutOff } from './unavailable.ts'

/**
 * A process that is frozen, or has lost its network, holds the locks of its transactions no longer than this. Work between
 * two statements of a transaction takes milliseconds, a second at most.
 */
const idleInTransactionMs = 3_000

export type SessionLimits = {
  statementTimeoutMs: number
  /** How long the first statement of a session may take. */
  waitMs: number
}

/** A role or a database may set what a session begins with; the gateway reads times and relies on what it sees locked. */
const settings = "set datestyle = 'ISO'; set default_transaction_isolation = 'read committed'"

/** How each session begins whose connection has it to itself. */
export const sessionOf = ({ statementTimeoutMs, waitMs }: SessionLimits): pg.PoolConfig => ({
  statement_timeout: statementTimeoutMs,
  idle_in_transaction_session_timeout: idleInTransactionMs,
  async onConnect(client) {
    try {
      await client.query({ text: settings, query_timeout: waitMs } as pg.QueryConfig)
    } catch (error) {
      // The pool would wait for the connection to end in order, and keep its place.
      cutOff(client)
      throw error
    }
  },
})

/**
 * How each transaction begins behind a pooler in transaction mode: the pooler may lend it another session each time, so
 * whatever holds for a session has to come with the transaction.
 */
export const pooledBegin = ({ statementTimeoutMs }: Pick<SessionLimits, 'statementTimeoutMs'>): string =>
  [
    'begin isolation level read committed',
    "set local datestyle = 'ISO'",
    `set local statement_timeout = ${statementTimeoutMs}`,
    `set local idle_in_transaction_session_timeout = ${idleInTransactionMs}`,
  ].join('; ')
