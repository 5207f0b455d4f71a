import type { Kysely, Transaction } from 'kysely'
import type { ReadonlyKysely } from 'kysely/readonly'
import type { DB as Tables } from './tables.ts'

export type { Tables }

/** The database as a whole: looks, and opens the transactions in which things change. */
export type Db = Kysely<Tables>

/** Looks and cannot change: a `Db` and a `Writer` both fit. */
export type Reader = Pick<ReadonlyKysely<Tables>, 'selectFrom'>

/** Changes, and exists only inside a transaction. */
export type Writer = Transaction<Tables>
