import { mkdirSync } from 'node:fs'
import { type App, createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import type { Db } from './db/db.ts'
import { migrate } from './db/migrate.ts'
import type { OpenDatabase } from './db/open-database.ts'
import { openEmbedded } from './db/open-embedded.ts'
import { openPostgres } from './db/open-postgres.ts'
import { codeOf, Unavailable } from './db/unavailable.ts'
import { createPageKey } from './demo/page-key.ts'
import { seedDemo } from './demo/seed.ts'
import { explain } from './domain/errors.ts'
import { keepOrigin, originOf } from './domain/event/epoch.ts'
import { readTrustedDocuments } from './graphql/execution/trusted-documents.ts'
import { isLoopback } from './http/this-machine.ts'
import { newEpoch } from './jobs/watch-origin.ts'
import { noHints, postgresHints } from './live/hints.ts'
import { fileTransport, smtpTransport } from './mail/outbound/transport.ts'
import { closeInOrder } from './runtime/close.ts'
import { holdLines } from './runtime/held-lines.ts'
import { createLog } from './runtime/log.ts'
import { standardOutput } from './runtime/log-output.ts'
import { reasonOf } from './runtime/reason.ts'
import { seldom } from './runtime/seldom.ts'
import { endOn } from './runtime/signals.ts'
import { isTraced, type Traces, untraced } from './runtime/traces.ts'

const closeTimeoutMs = 10_000
/** One line for each reason in this time. */
const unavailableEveryMs = 1_000

const held = holdLines()
const log = createLog(standardOutput(held), held)

try {
  await start(readConfig(process.env))
} catch (error) {
  if (error instanceof Unavailable)
    log.fatal(`The database cannot be reached: ${reasonOf(error)}${adviceFor(reasonOf(error))}`)
  else if (isOfOperator(error)) log.fatal(reasonOf(error))
  else log.fatal({ err: error }, error instanceof Error ? error.message : 'could not start')
  process.exitCode = 1
}

/** Poolers refuse the settings that a session begins with. */
function adviceFor(reason: string): string {
  if (!/unsupported startup parameter/i.test(reason)) return ''
  return '. It is a pooler: set DATABASE_DIRECT_URL to the address of the PostgreSQL behind it'
}

async function start(config: Config): Promise<void> {
  const trusted = readTrustedDocuments(config.trustedDocuments, config.trustedOnly, config.limits)
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  // It takes as long as the database does to open.
  const page = pageFolder()
  const database = await connect(config)
  const replicas = openReplicas(config)
  const closeDatabases = async () =>
    void (await Promise.all([database, ...replicas].map(each => each.close())))
  try {
    const applied = await migrateDirectly(database, config)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    if (database.engine === 'postgres') await beginEpochIfElsewhere(database.db)
    if (config.demo) log.info(await seedDemo(database.db, config), 'demo workspace')
    const pageKey = config.demo ? await demoPageKey(database.db) : null
    const app = await createApp({
      database,
      replicas,
      page: await page,
      demoPageKey: isLoopback(config.host) ? pageKey : null,
      mailTransport: config.smtpUrl ? smtpTransport(config.smtpUrl) : fileTransport(config.mailDir),
      openHints: options =>
        config.directDatabaseUrl ? postgresHints(config.directDatabaseUrl, options) : noHints(),
      traces: isTraced(process.env) ? await startTraces() : untraced,
      log: log.child({}, { level: config.logLevel }),
      trusted,
      ...config,
    })
    const close = () => closeInOrder([[['the app', app.close]], [['the database', closeDatabases]]])
    endOn(['SIGTERM', 'SIGINT'], { log, close, timeoutMs: closeTimeoutMs + config.shutdownDelayMs })
    await listen(app, config, { engine: database.engine, pageKey: (await page) && pageKey })
  } catch (error) {
    await closeDatabases()
    throw error
  }
}

/** A migration has locks and settings of its session, which a pooler would lend to others. */
async function migrateDirectly(
  { db }: OpenDatabase,
  { pooled, directDatabaseUrl }: Config,
): Promise<string[]> {
  if (!pooled || directDatabaseUrl === null) return migrate(db)
  const direct = openPostgres(directDatabaseUrl, { poolSize: 1 })
  try {
    return await migrate(direct.db)
  } finally {
    await direct.close()
  }
}

/**
 * Before anybody can resume in a log that has lost its end. A database that takes no changes now has to wait: the gateway
 * looks again while it serves.
 */
async function beginEpochIfElsewhere(db: Db): Promise<void> {
  try {
    const origin = await originOf(db)
    const workspaces = origin ? await keepOrigin(db, origin) : 0
    if (workspaces > 0) log.warn({ ...origin, workspaces }, newEpoch)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    log.warn({ err: error }, 'it is not known whether the database is another one')
  }
}

/** Clients are told the reason, and the log why. */
function tellUnavailable(what: string): (reason: string, error: unknown) => void {
  const tell = seldom(unavailableEveryMs, (_cause, count, reason: string, error: unknown) =>
    log.warn({ reason, code: codeOf(error), count, err: error }, what),
  )
  return (reason, error) => tell(`${reason} ${codeOf(error)}`, reason, error)
}

/** Traces that were not taken cost nothing but a line, once for each batch. */
async function startTraces(): Promise<Traces> {
  const { startOpenTelemetry } = await import('./runtime/open-telemetry.ts')
  return startOpenTelemetry(process.env, reason => log.warn(`OpenTelemetry: ${reason}`))
}

async function listen(
  app: App,
  { host, port, metricsPort }: Config,
  { engine, pageKey }: Pick<OpenDatabase, 'engine'> & { pageKey: string | null },
): Promise<void> {
  const listenTextResolver = () => 'listening'
  try {
    const metrics = await app.metricsServer?.listen({ host, port: metricsPort ?? 0, listenTextResolver })
    const url = await app.fastify.listen({ host, port, listenTextResolver })
    if (pageKey !== null) log.info({ inbox: `${url}/#key=${pageKey}` }, 'inbox of the demo')
    log.info({ url, metrics, database: engine }, 'ready')
    log.flush()
  } catch (error) {
    await app.close()
    throw error
  }
}

function connect({ databaseUrl, dataDir, ...config }: Config): Promise<OpenDatabase> | OpenDatabase {
  const onLost = (error: Error) => log.warn({ err: error }, 'a database connection was lost')
  const onUnavailable = tellUnavailable('the database is not available')
  const options = { onLost, onUnavailable, ...config }
  return databaseUrl ? openPostgres(databaseUrl, options) : openEmbedded(dataDir, options)
}

/** A replica that is away is done without. */
function openReplicas({ replicaUrls, ...config }: Config): OpenDatabase[] {
  const onUnavailable = tellUnavailable('a read replica is not available')
  return replicaUrls.map(url => openPostgres(url, { onUnavailable, ...config }))
}

/** The page, built first if its sources have changed. The gateway starts without it, too. */
async function pageFolder(): Promise<string | null> {
  try {
    const { buildPage } = await import('../inbox/build.ts')
    const folder = await buildPage()
    if (folder === null) log.warn('there is no inbox page: `npm run build` makes it')
    return folder
  } catch (error) {
    log.warn({ err: error }, 'the inbox page could not be built')
    return null
  }
}

/** Whether an error says in a sentence what an operator can mend: a setting, a port or a directory. */
function isOfOperator(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall } = error as NodeJS.ErrnoException
  return error.constructor === Error && (code === undefined || syscall !== undefined)
}

/** null: the agent that the demo acts for has been deactivated. */
async function demoPageKey(db: Db): Promise<string | null> {
  try {
    return await createPageKey(db)
  } catch (error) {
    if (!explain(error)) throw error
    log.warn(`There is no key for the inbox of the demo: ${reasonOf(error)}`)
    return null
  }
}
