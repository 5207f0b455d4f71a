import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { wrongCounts } from '../../src/domain/workspace/recount.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { client, newClient, newConversation, startGateway } from '../support/gateway.ts'

const conversations = Number(process.env.CONVERSATIONS || 30_000)
const workspaceId = 'wrk_upgraded'
/** What an upgrade may keep a client waiting. */
const maxWaitMs = 1_000

const folder = new URL('../../migrations/', import.meta.url)

/** A database as the version before left it: the migrations up to 0005, as it recorded them. */
async function databaseOfBefore(): Promise<{ url: string; before: pg.Client }> {
  const url = await newPostgresDatabase('template1')
  const before = new pg.Client(url)
  await before.connect()
  onTestFinished(() => before.end())
  await before.query(`create table kysely_migration (name varchar(255) primary key, timestamp varchar(255) not null);
    create table kysely_migration_lock (id varchar(255) primary key, is_locked integer not null default 0);
    insert into kysely_migration_lock values ('migration_lock', 0)`)
  for (const file of readdirSync(folder)
    .sort()
    .filter(name => name < '0006')) {
    await before.query(readFileSync(new URL(file, folder), 'utf8'))
    await before.query('insert into kysely_migration values ($1, $2)', [
      file.slice(0, -4),
      new Date().toISOString(),
    ])
  }
  await fill(before)
  return { url, before }
}

async function fill(before: pg.Client): Promise<void> {
  await before.query(`insert into workspace (id, name) values ('${workspaceId}', 'Upgraded')`)
  await before.query(`insert into agent (workspace_id, id, email)
    select '${workspaceId}', 'agt_' || n, n || '@acme.test' from generate_series(0, 9) as n`)
  await before.query(`insert into contact (workspace_id, id, email, name)
    select '${workspaceId}', 'ctc_' || n, 'contact' || n || '@example.com', 'Name' || n from generate_series(0, 999) as n`)
  await before.query(
    `insert into conversation (workspace_id, id, contact_id, assigned_to_id, status, source, subject, is_unread,
        last_message_at, last_message_preview, created_at, updated_at)
      select '${workspaceId}', 'thd_' || n, 'ctc_' || n % 1000, case when n % 3 > 0 then 'agt_' || n % 10 end,
        (array['OPEN', 'CLOSED', 'ARCHIVED'])[n % 3 + 1], 'EMAIL', 'Subject' || n, n % 7 = 0, at, 'Hello', at, at
      from (select n, timestamptz '2024-01-01Z' + n * interval '1 min' as at from generate_series(1, $1::int) as n) as given`,
    [conversations],
  )
  await before.query(
    `insert into message (workspace_id, id, conversation_id, direction, status, text, preview, author_id, created_at)
      select '${workspaceId}', 'msg_' || n, 'thd_' || n, 'INBOUND', 'RECEIVED', 'Hello, this is text' || n, 'Hello', 'ctc_' || n % 1000,
        timestamptz '2024-01-01Z' + n * interval '1 min'
      from generate_series(1, $1::int) as n`,
    [conversations],
  )
  await before.query(`update workspace set open_count = counted.open, closed_count = counted.closed,
      archived_count = counted.archived, unread_count = counted.unread, unassigned_count = counted.unassigned
    from (select count(*) filter (where status = 'OPEN') as open, count(*) filter (where status = 'CLOSED') as closed,
        count(*) filter (where status = 'ARCHIVED') as archived, count(*) filter (where status = 'OPEN' and is_unread) as unread,
        count(*) filter (where status = 'OPEN' and assigned_to_id is null) as unassigned from conversation) as counted`)
  await before.query('vacuum analyze')
}

/** Runs statements of the version before again and again, and notes the longest time that one took. */
function keepAsking(url: string, statements: readonly string[]) {
  let isOver = false
  let longestMs = 0
  let asked = 0
  const work = async () => {
    const own = new pg.Client(url)
    await own.connect()
    while (!isOver)
      for (const statement of statements) {
        const begun = performance.now()
        await own.query(statement)
        longestMs = Math.max(longestMs, performance.now() - begun)
        asked++
      }
    await own.end()
  }
  const working = work()
  return {
    async end() {
      isOver = true
      await working
      return { longestMs, asked }
    },
  }
}

const list = `select id, status from conversation where workspace_id = '${workspaceId}' and status <> 'ARCHIVED'
  order by last_message_at desc, id desc limit 21`
const change = (id: string, workspace: string) => `with changed as (
    update conversation set status = case status when 'OPEN' then 'CLOSED' else 'OPEN' end, updated_at = clock_timestamp()
    where workspace_id = '${workspaceId}' and id = '${id}' returning 1
  ) update workspace set event_seq = event_seq + 1 where id = '${workspace}' returning (select count(*) from changed)`

test('an upgrade keeps those who read and write waiting for less than a second, and makes everything searchable', {
  timeout: 3_600_000,
}, async ({ annotate }) => {
  const { url, before } = await databaseOfBefore()
  const askers = [keepAsking(url, [list]), keepAsking(url, [change('thd_3', workspaceId)])]
  const upgraded = openPostgres(url, { statementTimeoutMs: 600_000 })
  onTestFinished(upgraded.close)
  const begun = performance.now()
  const since = readdirSync(folder)
    .sort()
    .filter(name => name >= '0006')
  expect(await migrate(upgraded.db)).toEqual(since.map(name => name.replace(/\.sql$/, '')))
  const migratedMs = performance.now() - begun
  const asked = await Promise.all(askers.map(each => each.end()))
  await annotate(`migrated in ${migratedMs.toFixed(0)} ms; ${JSON.stringify(asked)}`)
  for (const { longestMs, asked: times } of asked) {
    expect(times).toBeGreaterThan(10)
    expect(longestMs).toBeLessThan(maxWaitMs)
  }
  const { rows: invalid } = await before.query('select 1 from pg_index where not indisvalid')
  expect(invalid).toEqual([])

  const database = openPostgres(url)
  const gateway = await startGateway({ database, limits: { maxCostPerMinute: 1_000_000_000 } })
  onTestFinished(gateway.close)
  const { client: caller } = await newClient(gateway, workspaceId)
  const found = async (search: string) => {
    const { data, errors } = await caller.graphql<{ conversations: { edges: { node: { id: string } }[] } }>(
      'query ($search: String) { conversations(filter: { search: $search }) { edges { node { id } } } }',
      { search },
    )
    expect(errors).toBeUndefined()
    return data.conversations.edges.map(({ node }) => node.id)
  }
  const isSearchable = async () =>
    (await before.query(`select is_searchable from workspace where id = '${workspaceId}'`)).rows[0]
      ?.is_searchable
  const isFilling = performance.now()
  let longestMs = 0
  while (!(await isSearchable())) {
    const since = performance.now()
    await caller.graphql('{ conversations(first: 20) { edges { node { id status contact { name } } } } }')
    await newConversation(client(gateway.url, caller.key), 'meanwhile@example.com', 'written meanwhile')
    longestMs = Math.max(longestMs, performance.now() - since)
  }
  await annotate(
    `searchable after ${(performance.now() - isFilling).toFixed(0)} ms; a client waited for ${longestMs} ms`,
  )
  expect(longestMs).toBeLessThan(maxWaitMs)
  expect(await found('subject3001 hello')).toEqual(['thd_3001'])
  expect(await found('text4003 name3 hello')).toEqual(['thd_4003'])
  expect((await found('written meanwhile')).length).toBeGreaterThan(0)
  const wrong = await wrongCounts(gateway.db, workspaceId)
  expect(wrong.filter(({ of }) => of !== workspaceId)).toEqual([])
})
