import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { openEmbedded } from '../../src/db/open-embedded.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { newPostgresDatabase } from './databases.ts'
import { freePort } from './free-port.ts'
import { type Client, client } from './gateway.ts'
import { type Running, startProcess } from './process.ts'
import { startProgram } from './program.ts'

/** A gateway of the demo as a process that can be killed and started again, on a port and with data that it keeps. */
export type Killable = {
  /** A client with the key of the demo. */
  client: Client
  running(): Running
  /** Ends it, by default as `kill -9` does, and returns its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Starts it again, and returns after how many milliseconds it was ready. */
  start(): Promise<number>
  /** Opens its database, once it has ended; the caller closes it. */
  openDatabase(): Promise<OpenDatabase>
}

export const demoWorkspaceId = 'wrk_abc123'

const unlimited = {
  MAX_COST_PER_MINUTE: '1000000000',
  MAX_CHANGES_PER_HOUR: '1000000000',
  MAX_TEXT_BYTES_PER_HOUR: '9999999999',
}

/** @param environment further variables; a `DATA_DIR` among them is removed by the caller */
export async function startKillable(
  engine: 'postgres' | 'embedded',
  environment: Record<string, string> = {},
): Promise<Killable> {
  const directory = environment.DATA_DIR ?? mkdtempSync(join(tmpdir(), 'gateway-killable-'))
  if (!environment.DATA_DIR) onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const url = environment.DATABASE_URL ?? (engine === 'postgres' ? await newPostgresDatabase() : null)
  const port = await freePort()
  const key = 'demo-key-of-a-test-with-faults'
  const all = {
    DEMO: '1',
    DEMO_API_KEY: key,
    DATA_DIR: directory,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    ...unlimited,
    ...(url ? { DATABASE_URL: url } : {}),
    ...environment,
  }
  let running = await startProcess(startProgram, all)
  onTestFinished(async () => void (await running.end('SIGKILL')))
  return {
    client: client(`http://127.0.0.1:${port}`, key),
    running: () => running,
    end: (signal = 'SIGKILL') => running.end(signal),
    async start() {
      const begun = performance.now()
      running = await startProcess(startProgram, all)
      return Math.round(performance.now() - begun)
    },
    openDatabase: async () => (url ? openPostgres(url) : openEmbedded(directory)),
  }
}
