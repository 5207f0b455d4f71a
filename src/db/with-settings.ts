import { sql } from 'kysely'
import type { Db, Writer } from './db.ts'
import { type Place, place } from './round-trips.ts'

/** Settings of PostgreSQL by their names. The embedded database ignores those of time. */
export type Settings = Readonly<Record<string, string>>

/** Sets them for the rest of a transaction, and waits until they are. */
export async function setLocally(writer: Writer, settings: Settings): Promise<void> {
  // Before its transaction has begun it would set nothing, and do no harm.
  await set(writer, settings, 'first')
}

async function set(writer: Writer, settings: Settings, at: Place): Promise<void> {
  const setting = sql.join(
    Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`),
  )
  const query = sql`select ${setting}`.compile(writer)
  place(query.parameters, at)
  await writer.executeQuery(query)
}

/** Reads with settings that hold for this reading alone: in a transaction of its own, in which `read` must only read. */
export async function withSettings<Result>(
  db: Db,
  settings: Settings,
  read: (writer: Writer) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async writer => {
    await set(writer, settings, 'setting')
    return read(writer)
  })
}
