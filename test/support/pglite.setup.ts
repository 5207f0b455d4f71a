import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/db/migrate.ts'
import { openPGlite } from '../../src/db/open-embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A file with a migrated embedded database; each test file opens a copy in memory. */
    snapshot: string
  }
}

/** Migrates an embedded database once, and keeps it as a file to load. */
export default async function setup(project: TestProject) {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-pglite-'))
  const snapshot = join(directory, 'snapshot.tar')
  const lite = await PGlite.create()
  const database = await openPGlite(lite)
  await migrate(database.db)
  writeFileSync(snapshot, Buffer.from(await (await lite.dumpDataDir('none')).arrayBuffer()))
  await database.close()
  project.provide('snapshot', snapshot)
  return () => rmSync(directory, { recursive: true, force: true })
}
