import { mkdirSync } from 'node:fs'
import { type App, createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { migrate } from './db/migrate.ts'
import { type OpenDatabase, openEmbedded, openPostgres } from './db/open.ts'
import { seedDemo } from './demo/seed.ts'
import { readTrustedDocuments } from './graphql/execution/trusted-documents.ts'
import { noHints, postgresHints } from './live/hints.ts'
import { fileTransport, smtpTransport } from './mail/outbound/transport.ts'
import { closeInOrder } from './runtime/close.ts'
import { createLog } from './runtime/log.ts'
import { endOn } from './runtime/signals.ts'

const log = createLog()

try {
  await start(readConfig(process.env))
} catch (error) {
  log.fatal({ err: error }, error instanceof Error ? error.message : 'could not start')
  process.exitCode = 1
}

async function start(config: Config): Promise<void> {
  const trusted = readTrustedDocuments(config.trustedDocuments, config.trustedOnly, config.limits)
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const database = await connect(config)
  try {
    const applied = await migrate(database.db)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    if (config.demo) log.info(await seedDemo(database.db, config), 'demo workspace')
    const app = await createApp({
      database,
      mailTransport: config.smtpUrl ? smtpTransport(config.smtpUrl) : fileTransport(config.mailDir),
      openHints: options => (config.databaseUrl ? postgresHints(config.databaseUrl, options) : noHints()),
      log,
      trusted,
      ...config,
    })
    const close = () => closeInOrder([[['the app', app.close]], [['the database', database.close]]])
    endOn(['SIGTERM', 'SIGINT'], { log, close, timeoutMs: 10_000 })
    await listen(app, config, database.engine)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function listen(
  app: App,
  { host, port, metricsPort }: Config,
  engine: OpenDatabase['engine'],
): Promise<void> {
  const listenTextResolver = () => 'listening'
  try {
    const metrics = await app.metricsServer?.listen({ host, port: metricsPort ?? 0, listenTextResolver })
    const url = await app.fastify.listen({ host, port, listenTextResolver })
    log.info({ url, metrics, database: engine }, 'ready')
  } catch (error) {
    await app.close()
    throw error
  }
}

function connect({ databaseUrl, dataDir, ...config }: Config): Promise<OpenDatabase> | OpenDatabase {
  const onLost = (error: Error) => log.warn({ err: error }, 'a database connection was lost')
  const options = { onLost, ...config }
  return databaseUrl ? openPostgres(databaseUrl, options) : openEmbedded(dataDir, options)
}
