import { sql } from 'kysely'
import type { Db, Writer } from './db.ts'
import { place } from './round-trips.ts'

/** Settings of PostgreSQL by their names. The embedded database ignores those of time. */
export type Settings = Readonly<Record<string, string>>

/** Sets them for the rest of a transaction. */
export async function setLocally(writer: Writer, settings: Settings): Promise<void> {
  const setting = sql.join(
    Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`),
  )
  const query = sql`select ${setting}`.compile(writer)
  // Before its transaction has begun it would set nothing, and do no harm.
  place(query.parameters, 'first')
  await writer.executeQuery(query)
}

/** Reads with settings that hold for this reading alone: in a transaction of its own. */
export async function withSettings<Result>(
  db: Db,
  settings: Settings,
  read: (writer: Writer) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async writer => {
    await setLocally(writer, settings)
    return read(writer)
  })
}
