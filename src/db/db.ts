import type { Kysely, Transaction } from 'kysely'
import type { ReadonlyKysely } from 'kysely/readonly'
import type { DB as Tables } from './tables.ts'

export type { Tables }

/** The whole database. It reads, and it opens the transactions that change things. */
export type Db = Kysely<Tables>

/** Reads and cannot change anything. A `Db` and a `Writer` both fit. */
export type Reader = Pick<ReadonlyKysely<Tables>, 'selectFrom'>

/** Changes things. It exists only inside a transaction. */
export type Writer = Transaction<Tables>
