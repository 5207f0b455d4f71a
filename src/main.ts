import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { type App, createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { type Connection, connectEmbedded, connectPostgres } from './db/connect.ts'
import { migrate } from './db/migrate.ts'
import { seedDemo } from './demo/seed.ts'
import { noHints, postgresHints } from './live/hints.ts'
import { filePost, smtpPost } from './mail/post.ts'

const log = pino()

try {
  await start(readConfig(process.env))
} catch (error) {
  log.fatal({ err: error }, error instanceof Error ? error.message : 'could not start')
  process.exitCode = 1
}

async function start(config: Config): Promise<void> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  const connection = await connect(config)
  try {
    const applied = await migrate(connection.db)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    if (config.demo) log.info(await seedDemo(connection.db, config), 'demo workspace')
    const app = await createApp({
      db: connection.db,
      post: config.smtpUrl ? smtpPost(config.smtpUrl) : filePost(config.mailDir),
      openHints: options => (config.databaseUrl ? postgresHints(config.databaseUrl, options) : noHints()),
      log,
      ...config,
    })
    endOn(['SIGTERM', 'SIGINT'], () => app.close().finally(() => connection.close()))
    await listen(app, config, connection.engine)
  } catch (error) {
    await connection.close()
    throw error
  }
}

async function listen(app: App, { host, port }: Config, database: Connection['engine']): Promise<void> {
  try {
    const url = await app.fastify.listen({ host, port, listenTextResolver: () => 'listening' })
    log.info({ url, database }, 'ready')
  } catch (error) {
    await app.close()
    throw error
  }
}

function connect({ databaseUrl, dataDir }: Config): Promise<Connection> | Connection {
  const onLost = (error: Error) => log.warn({ err: error }, 'a database connection was lost')
  return databaseUrl ? connectPostgres(databaseUrl, { onLost }) : connectEmbedded(dataDir, { onLost })
}

const patience = 10_000

/** Ends the process in order at the first signal, and at once at the second, or when the order takes too long. */
function endOn(signals: NodeJS.Signals[], close: () => Promise<void>): void {
  let asked = false
  const end = async (signal: NodeJS.Signals) => {
    if (asked) process.exit(1)
    asked = true
    log.info({ signal }, 'closing')
    setTimeout(() => {
      log.error('could not close in time')
      process.exit(1)
    }, patience).unref()
    try {
      await close()
      log.info('closed')
    } catch (error) {
      log.error({ err: error }, 'could not close in order')
      process.exitCode = 1
    }
    process.exit()
  }
  for (const signal of signals) process.on(signal, signal => void end(signal))
}
