import type { TestProject } from 'vitest/node'
import { startPgBouncer } from './pgbouncer.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run, through a PgBouncer in transaction mode. */
    pgbouncer: string
  }
}

/** Starts a PgBouncer in front of the run's PostgreSQL, which is set up before. */
export default async function setup(project: TestProject) {
  const { postgres } = project.getProvidedContext()
  const pgbouncer = await startPgBouncer(postgres)
  project.provide('pgbouncer', pgbouncer.through(postgres))
  return () => pgbouncer.stop()
}
