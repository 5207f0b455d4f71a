import pg from 'pg'
import { folderOf } from '../postgres.ts'

/** How a server of a cluster starts: with few shards, so that a new database takes little time. */
export const citusSettings = ['shared_preload_libraries=citus', 'citus.shard_count=4', 'max_connections=400']

/** Makes databases of the same name on several servers one cluster. The first one coordinates; it has rows if it is alone. */
export async function makeCluster(coordinator: string, ...workers: string[]): Promise<void> {
  for (const url of [coordinator, ...workers])
    await execute(url, [
      `alter system set citus.local_hostname = '${folderOf(url)}'`,
      'select pg_reload_conf()',
      'create extension citus',
    ])
  const folder = folderOf(coordinator)
  await execute(coordinator, [
    `select citus_set_coordinator_host('${folder}')`,
    ...workers.map(worker => `select citus_add_node('${folderOf(worker)}', 5432)`),
    `select citus_set_node_property('${folder}', 5432, 'shouldhaveshards', ${workers.length === 0})`,
  ])
}

export async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}
