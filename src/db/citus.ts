import { sql } from 'kysely'
import type { Db, Tables } from './db.ts'
import { setLocally } from './with-settings.ts'

/** How a table stands on the nodes of a cluster. */
type Kind =
  /** Each workspace's rows on one node, those of all tables together. The column names the workspace. */
  | 'id'
  | 'workspace_id'
  /** All rows on every node, so that a key is found before its workspace is known. */
  | 'reference'
  /** On the coordinator only. */
  | 'local'

/** In the order in which they refer to one another. */
export const kinds: Record<keyof Tables, Kind> = {
  workspace: 'id',
  agent: 'workspace_id',
  channel: 'workspace_id',
  contact: 'workspace_id',
  api_key: 'reference',
  conversation: 'workspace_id',
  conversation_words: 'workspace_id',
  word_segment: 'workspace_id',
  word_segment_part: 'workspace_id',
  word_segment_bits: 'workspace_id',
  word_segment_queue: 'workspace_id',
  message: 'workspace_id',
  raw_mail: 'workspace_id',
  event: 'workspace_id',
  agent_counts: 'workspace_id',
  idempotency_key: 'workspace_id',
  log_origin: 'local',
}

/**
 * Distributes the tables over the nodes of a Citus cluster, by workspace, with the rows that they have. The database must
 * be migrated. Nobody else may use it meanwhile. It happens as a whole or not at all; tables that are distributed already
 * stay as they are.
 *
 * @returns the names of the tables that it has distributed
 * @throws Error for the operator if the server has no Citus
 */
export async function distribute(db: Db): Promise<string[]> {
  await requireCitus(db)
  const tables = Object.entries(kinds).filter(([, kind]) => kind !== 'local')
  const distributed = await db.transaction().execute(async writer => {
    // A large table takes hours.
    await setLocally(writer, { statement_timeout: '0' })
    // A table that only refers to one of all nodes is known to Citus too, and has its rows here.
    const { rows } = await sql<{ name: string }>`
      select table_name::text as name from citus_tables where citus_table_type in ('distributed', 'reference')`.execute(
      writer,
    )
    const standing = new Set(rows.map(({ name }) => name))
    const wanted = tables.filter(([table]) => !standing.has(table))
    for (const [table, kind] of wanted) await distributeTable(writer, table, kind)
    return wanted.map(([table]) => table)
  })
  // The rows have been copied. Those on the coordinator are hidden, and take their place until then.
  for (const [table] of tables)
    await sql`select truncate_local_data_after_distributing_table(${table})`.execute(db)
  return distributed
}

async function distributeTable(db: Db, table: string, kind: Kind): Promise<void> {
  if (kind !== 'reference') {
    const beside = table === 'workspace' ? 'none' : 'workspace'
    await sql`select create_distributed_table(${table}, ${kind}, colocate_with => ${beside})`.execute(db)
    return
  }
  // A table on all nodes cannot have a foreign key to rows that are each on one. Keys are created under the lock of both.
  const { rows } = await sql<{ name: string }>`
    select conname as name from pg_constraint where conrelid = ${table}::regclass and contype = 'f'`.execute(
    db,
  )
  for (const { name } of rows)
    await sql`alter table ${sql.table(table)} drop constraint ${sql.ref(name)}`.execute(db)
  await sql`select create_reference_table(${table})`.execute(db)
}

async function requireCitus(db: Db): Promise<void> {
  const { rows } = await sql<{ state: 'available' | 'created' | null }>`
    select (select case when installed_version is null then 'available' else 'created' end
      from pg_available_extensions where name = 'citus') as state`.execute(db)
  const state = rows[0]?.state ?? null
  if (state === null) throw new Error('The PostgreSQL has no Citus. Install it on every node first.')
  if (state === 'available')
    throw new Error('The database has no Citus yet: run "create extension citus" in it, and add the nodes.')
}
