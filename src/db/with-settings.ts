import { sql } from 'kysely'
import type { Db, Writer } from './db.ts'
import { reusable } from './reusable.ts'
import type { Place } from './round-trips.ts'

/** Settings of PostgreSQL by their names. The embedded database ignores those of time. */
export type Settings = Readonly<Record<string, string>>

const setAt = (at: Place) =>
  reusable((_: Writer, settings: Settings) => {
    const setting = Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`)
    return sql`select ${sql.join(setting)}`
  }, at)

const setFirst = setAt('first')
const setBeforeReading = setAt('setting')

/** Sets them for the rest of a transaction, and waits until they are. */
export async function setLocally(writer: Writer, settings: Settings): Promise<void> {
  // Before its transaction has begun it would set nothing, and do no harm.
  await setFirst(writer, settings)
}

/** Reads with settings that hold for this reading alone: in a transaction of its own, in which `read` must only read. */
export async function withSettings<Result>(
  db: Db,
  settings: Settings,
  read: (writer: Writer) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async writer => {
    await setBeforeReading(writer, settings)
    return read(writer)
  })
}
