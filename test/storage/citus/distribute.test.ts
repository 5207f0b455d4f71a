import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { distribute } from '../../../src/db/citus.ts'
import type { Db } from '../../../src/db/db.ts'
import { migrate } from '../../../src/db/migrate.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { seedDemo } from '../../../src/demo/seed.ts'
import { wrongCounts } from '../../../src/domain/workspace/recount.ts'
import { citusSettings, makeCluster } from '../../support/citus/node.ts'
import { createDatabase, newPostgresDatabase } from '../../support/databases.ts'
import { client, newConversation, newWorkspace, startGateway } from '../../support/gateway.ts'
import { startPostgres } from '../../support/postgres.ts'

/** A database on a server of this run and on as many others, as one cluster; migrated, and with the demo. */
async function filledCluster(workers: number, onCleanup: (end: () => Promise<void>) => void) {
  const coordinator = await newPostgresDatabase('template1')
  const name = new URL(coordinator.replace('postgres@/', 'postgres@localhost/')).pathname.slice(1)
  const others: string[] = []
  for (let worker = 0; worker < workers; worker++) {
    const server = await startPostgres({ binaries: process.env.CITUS_BIN ?? '', settings: citusSettings })
    onCleanup(() => server.stop())
    await createDatabase(server.url('postgres'), name, 'template1')
    others.push(server.url(name))
  }
  await makeCluster(coordinator, ...others)
  const database = openPostgres(coordinator, { statementTimeoutMs: 60_000 })
  await migrate(database.db)
  await seedDemo(database.db, { demoApiKey: 'key', dataDir: '/nowhere' })
  return database
}

const counts = async (db: Db) => {
  const { rows } = await sql<{ rows: string }>`
    select query_to_xml('select count(*) from ' || relname, false, true, '')::text as rows from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and relname !~ '_\\d+$' order by relname`.execute(
    db,
  )
  return rows
}

test.for([0, 2])(
  'a filled database is distributed with its rows, over %i workers, and serves',
  async (workers, { onTestFinished }) => {
    const database = await filledCluster(workers, onTestFinished)
    const before = await counts(database.db)
    expect(await distribute(database.db)).toContain('conversation')
    expect(await counts(database.db)).toEqual(before)
    expect(await distribute(database.db)).toEqual([])
    const { rows: left } = await sql<{ bytes: number }>`
      select pg_relation_size('conversation')::int as bytes`.execute(database.db)
    expect(left).toEqual([{ bytes: 0 }])
    const { rows } = await sql<{ name: string }>`
      select table_name::text as name from citus_tables where citus_table_type <> 'distributed'`.execute(
      database.db,
    )
    expect(rows).toEqual([{ name: 'api_key' }])

    const gateway = await startGateway({ database })
    onTestFinished(gateway.close)
    const caller = client(gateway.url, 'key')
    const made = await Promise.all([1, 2, 3].map(() => newWorkspace(gateway)))
    for (const { client } of made) await newConversation(client)
    await newConversation(caller)
    const { data } = await caller.graphql<{ workspace: { id: string } }>('{ workspace { id } }')
    for (const id of [data.workspace.id, ...made.map(each => each.id)])
      expect(await wrongCounts(database.db, id)).toEqual([])
    for (const { client } of made)
      expect(await client.graphql('{ conversations(first: 1) { totalCount } }')).toMatchObject({
        data: { conversations: { totalCount: 1 } },
      })
  },
)
