import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { expectExactHistories, filterOf } from '../support/exact-histories.ts'
import { freePort } from '../support/free-port.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { startNginx } from '../support/nginx.ts'
import { type Running, startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'
import { byHand, eventStream, pause, stockRetry } from '../support/resuming-clients.ts'
import { startWriters } from '../support/writers.ts'

const project = new URL('../../', import.meta.url).pathname
/** How many messages the migration has to go through. */
const messages = 50_000

/** The next version: this one, and migrations that add a column and an index. */
function nextVersion(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-next-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const each of ['src', 'migrations', 'package.json'])
    cpSync(join(project, each), join(folder, each), { recursive: true })
  for (const each of ['node_modules', 'inbox', 'dist']) symlinkSync(join(project, each), join(folder, each))
  const migration = (name: string, text: string) => writeFileSync(join(folder, 'migrations', name), text)
  migration('9998-next.sql', "alter table message add column next text not null default 'none';\n")
  migration(
    '9999-next.concurrently.sql',
    'create index concurrently if not exists message_next on message (workspace_id, next, created_at);\n',
  )
  return folder
}

test('an update of one gateway after the other, across a migration, loses nothing', async ({ annotate }) => {
  const url = await newPostgresDatabase()
  const database = openPostgres(url, { statementTimeoutMs: 60_000 })
  onTestFinished(database.close)
  const ports = [await freePort(), await freePort()] as const
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const start = (port: number, folder: string) =>
    startProcess(
      (args, environment) =>
        startProgram(
          args.map(path => join(folder, path)),
          environment,
        ),
      {
        DATABASE_URL: url,
        DATA_DIR: directory,
        PORT: String(port),
        SHUTDOWN_DELAY_MS: '500',
        LOG_LEVEL: 'warn',
        MAX_COST_PER_MINUTE: '100000000',
      },
    )
  const gateways: Running[] = await Promise.all(ports.map(port => start(port, project)))
  onTestFinished(async () => void (await Promise.all(gateways.map(gateway => gateway.end('SIGKILL')))))
  const nginx = await startNginx(ports)
  onTestFinished(nginx.stop)

  const workspace = await newWorkspace({ url: nginx.url, db: database.db })
  const { key } = workspace.client
  const conversations = await Promise.all(
    Array.from({ length: 12 }, (_, index) => newConversation(workspace.client, `c${index % 4}@example.com`)),
  )
  await sql`insert into message (workspace_id, id, conversation_id, direction, status, text, preview, created_at)
    select ${workspace.id}, 'msg_' || n, ${conversations[0]?.id}, 'INBOUND', 'RECEIVED', 'Hello', 'Hello', now()
    from generate_series(1, ${messages}::int) as n`.execute(database.db)
  const cursors = conversations.map(({ cursor }) => cursor).sort()
  const from = cursors.at(-1) ?? ''
  const kinds = [stockRetry, byHand, eventStream]
  const subscribers = Array.from({ length: 20 }, (_, index) =>
    (kinds[index % kinds.length] ?? stockRetry)([nginx.url], key, from, filterOf(index, conversations)),
  )

  onTestFinished(() => {
    for (const subscriber of subscribers) subscriber.stop()
  })
  const { agentId } = workspace
  const writers = startWriters(8, { url: nginx.url, key, conversations, agentId })

  const next = nextVersion()
  const begun = performance.now()
  for (const [index, port] of ports.entries()) {
    await pause(3_000)
    await nginx.leaveOut(index)
    expect(await gateways[index]?.end()).toBe(0)
    gateways[index] = await start(port, next)
    await nginx.leaveOut(null)
  }
  await pause(3_000)
  await writers.stop()
  const { answers } = writers
  const seconds = (performance.now() - begun) / 1_000

  const { rows } = await sql`select from pg_index join pg_class on pg_class.oid = indexrelid
    where relname = 'message_next' and indisvalid`.execute(database.db)
  expect(rows).toHaveLength(1)
  const others = answers.filter(({ status, retryAfter }) => status !== 200 && !(status === 503 && retryAfter))
  expect(others.slice(0, 3), `${others.length} of ${answers.length}`).toEqual([])
  const written = writers.acknowledged()
  const head = await expectExactHistories(database.db, workspace.id, from, subscribers)
  const heard = new Set(subscribers[0]?.heard)
  expect([...written].filter(cursor => !heard.has(cursor))).toEqual([])
  expect(written.size).toBeGreaterThan(50)
  // Behind the lock of the migration, and nowhere else.
  const again = answers.filter(({ status }) => status === 503).length
  expect(again).toBeLessThan(answers.length / 20)
  await annotate(`${seconds.toFixed(0)} s, ${answers.length} answers, ${again} of them 503; ${head} events`)
})
