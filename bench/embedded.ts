// npm run bench:embedded
//
// The inbox page (a) on the embedded database, cold and with kept answers, in turns.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { migrate } from '../src/db/migrate.ts'
import { openEmbedded } from '../src/db/open-embedded.ts'
import { fillDatabase } from './requests/dataset.ts'
import { operation } from './requests/operations.ts'
import { type Server, start } from './requests/processes.ts'
import { settingOf, turnSettings } from './requests/settings.ts'
import { takeTurns, turn } from './requests/turns.ts'
import type { Work } from './requests/works.ts'

const conversations = settingOf('CONVERSATIONS', 10_000)
const work: Work = {
  title: 'inbox page',
  servers: ['gateway', 'gateway, kept answers'],
  baseline: 'gateway',
  requests: [operation('Inbox', { first: 20, after: null })],
}

const directory = mkdtempSync(join(tmpdir(), 'gateway-embedded-'))
const servers: Server[] = []
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

try {
  // A directory belongs to one process, so each server has a copy of its own.
  for (const name of work.servers) {
    const own = join(directory, name)
    mkdirSync(own)
    await fillEmbedded(own)
    servers.push(await start(name, null, own))
  }
  const figures = await takeTurns(servers, turnSettings(), (server, durationMs) =>
    turn(server, work, { databaseUrl: '', postmaster: null, durationMs, sizes: new Map() }),
  )
  console.log(`${conversations} conversations on the embedded database\n`)
  console.log('| server | requests/s | p50 ms | p99 ms | CPU µs |\n|---|--:|--:|--:|--:|')
  for (const [name, own] of figures)
    console.log(
      `| ${[name, own.perSecond.toFixed(0), own.p50Ms.toFixed(1), own.p99Ms.toFixed(1), own.cpuUs.toFixed(0)].join(' | ')} |`,
    )
} finally {
  await Promise.all(servers.map(server => server.stop()))
  rmSync(directory, { recursive: true, force: true })
}

async function fillEmbedded(own: string): Promise<void> {
  const database = await openEmbedded(own)
  await migrate(database.db)
  await database.close()
  const lite = await PGlite.create(join(own, 'pg'))
  await fillDatabase(new pg.Client(createPgConfig(lite) as pg.ClientConfig), conversations)
  await lite.close()
}
