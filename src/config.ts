import { join } from 'node:path'
import type { LevelWithSilent } from 'pino'
import type { z } from 'zod'
import type { Limits } from './domain/limits.ts'
import { Environment } from './environment.ts'
import type { ConnectionLimits } from './http/connections.ts'

/** The settings of this process. */
export type Config = {
  host: string
  /** 0 picks a free port. */
  port: number
  /** The directory for the embedded database, the demo's key and, without an SMTP server, the mail. */
  dataDir: string
  /** The URL of the Postgres; null: the embedded database in `dataDir` is used. */
  databaseUrl: string | null
  /** The URL of the same Postgres without a pooler in between: for migrations, commands and notifications. */
  directDatabaseUrl: string | null
  /** Whether `databaseUrl` leads through a pooler in transaction mode. */
  pooled: boolean
  /** The URLs of read replicas of the Postgres, which queries may read from. */
  replicaUrls: string[]
  /** Which lines are logged while the gateway serves. Those of its start and its end always are. */
  logLevel: LevelWithSilent
  demo: boolean
  /** Whether things happen in the demo by themselves. */
  demoTraffic: boolean
  /** null: a key is made and kept in `dataDir`. */
  demoApiKey: string | null
  /** null: mail is written to files. */
  smtpUrl: string | null
  /** The directory for mail when there is no SMTP server. */
  mailDir: string
  mailFrom: string
  /** The domain whose mail is handed to the gateway, so that replies find their conversation; null: there is none. */
  mailReplyDomain: string | null
  corsOrigins: string[]
  /** The addresses and ranges of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: string[]
  /** Events older than this are deleted; null: kept for ever. */
  eventRetentionDays: number | null
  /** Mails are kept as they arrived for so many days; 0: not at all. */
  mailKeepDays: number
  /** The most connections to the Postgres for requests. Credentials, probes and feeds have a few of their own. */
  poolSize: number
  /** How long a request waits for a connection, in milliseconds. */
  poolWaitMs: number
  /** How long a statement may run, in milliseconds. */
  statementTimeoutMs: number
  /** Whether connections to the Postgres keep statements prepared. Few poolers know how to. */
  namedStatements: boolean
  limits: Limits
  /** Whether browsers that open /graphql get GraphiQL. */
  graphiql: boolean
  connections: ConnectionLimits
  /** How long a gateway that is told to stop goes on answering. */
  shutdownDelayMs: number
  /** The key for /metrics; null: it needs none. */
  metricsKey: string | null
  /** The port that serves /metrics instead of `port`; 0 picks a free one; null: there is no such port. */
  metricsPort: number | null
  /** The file of trusted documents; null: there is none. */
  trustedDocuments: string | null
  /** Whether only trusted documents are executed. */
  trustedOnly: boolean
}

/** Reads the environment. An empty variable counts as unset. @throws Error that names every problem at once */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const { success, data, error } = Environment.safeParse(given)
  if (!success)
    throw new Error(error.issues.map(issue => `${String(issue.path[0])} ${issue.message}.`).join('\n'))
  if (data.TRUSTED_ONLY === '1' && data.TRUSTED_DOCUMENTS === undefined)
    throw new Error('TRUSTED_ONLY needs TRUSTED_DOCUMENTS.')
  if (data.DATABASE_DIRECT_URL !== undefined && data.DATABASE_URL === undefined)
    throw new Error('DATABASE_DIRECT_URL needs DATABASE_URL.')
  if (data.DATABASE_REPLICA_URLS.length > 0 && data.DATABASE_URL === undefined)
    throw new Error('DATABASE_REPLICA_URLS needs DATABASE_URL.')
  // An operation beyond the budget could never be executed, and would be told to come again for ever.
  if (data.MAX_COST_PER_MINUTE < data.MAX_QUERY_COST)
    throw new Error('MAX_COST_PER_MINUTE must be at least MAX_QUERY_COST.')
  if (data.MAX_UNSENT_BYTES_PER_KEY < data.MAX_ANSWER_BYTES)
    throw new Error('MAX_UNSENT_BYTES_PER_KEY must be at least MAX_ANSWER_BYTES.')
  if (data.MAX_REQUEST_BYTES_PER_KEY < data.MAX_BODY_BYTES)
    throw new Error('MAX_REQUEST_BYTES_PER_KEY must be at least MAX_BODY_BYTES.')
  const demo = data.DEMO === undefined ? data.DATABASE_URL === undefined : data.DEMO === '1'
  // A mail that is larger would be told to come again for ever.
  if (data.MAIL_KEEP_DAYS > 0 && data.MAX_TEXT_BYTES_PER_HOUR < data.MAX_MAIL_BYTES)
    throw new Error('MAX_TEXT_BYTES_PER_HOUR must be at least MAX_MAIL_BYTES, as mails are kept.')
  const pooled = data.DATABASE_DIRECT_URL !== undefined || data.PG_NAMED_STATEMENTS === '0'
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    databaseUrl: data.DATABASE_URL ?? null,
    directDatabaseUrl: data.DATABASE_DIRECT_URL ?? data.DATABASE_URL ?? null,
    pooled,
    replicaUrls: data.DATABASE_REPLICA_URLS,
    logLevel: data.LOG_LEVEL,
    demo,
    // Its replies are sent, and the demo's contacts are nobody.
    demoTraffic: demo && (data.DEMO_TRAFFIC ?? (data.SMTP_URL ? '0' : '1')) === '1',
    demoApiKey: data.DEMO_API_KEY ?? null,
    smtpUrl: data.SMTP_URL ?? null,
    mailDir: join(data.DATA_DIR, 'mail'),
    mailFrom: data.MAIL_FROM,
    mailReplyDomain: data.MAIL_REPLY_DOMAIN ?? null,
    corsOrigins: data.CORS_ORIGINS,
    trustedProxies: data.TRUSTED_PROXIES,
    eventRetentionDays: data.EVENT_RETENTION_DAYS ?? null,
    mailKeepDays: data.MAIL_KEEP_DAYS,
    poolSize: data.DATABASE_POOL_SIZE,
    poolWaitMs: data.POOL_WAIT_MS,
    statementTimeoutMs: data.STATEMENT_TIMEOUT_MS,
    namedStatements: (data.PG_NAMED_STATEMENTS ?? (pooled ? '0' : '1')) === '1',
    limits: limitsOf(data),
    graphiql: data.GRAPHIQL === '1',
    connections: {
      maxConnections: data.MAX_CONNECTIONS,
      maxConnectionsPerAddress: data.MAX_CONNECTIONS_PER_ADDRESS,
      headersTimeoutMs: data.HEADERS_TIMEOUT_MS,
      requestTimeoutMs: data.REQUEST_TIMEOUT_MS,
      mailRequestTimeoutMs: data.MAIL_REQUEST_TIMEOUT_MS,
      stalledAnswerTimeoutMs: data.STALLED_ANSWER_TIMEOUT_MS,
    },
    shutdownDelayMs: data.SHUTDOWN_DELAY_MS,
    metricsKey: data.METRICS_KEY ?? null,
    metricsPort: data.METRICS_PORT ?? null,
    trustedDocuments: data.TRUSTED_DOCUMENTS ?? null,
    trustedOnly: data.TRUSTED_ONLY === '1',
  }
}

const limitsOf = (data: z.output<typeof Environment>): Limits => ({
  maxDocumentCharacters: data.MAX_DOCUMENT_CHARACTERS,
  maxDocumentCharactersPerMinute: data.MAX_DOCUMENT_CHARACTERS_PER_MINUTE,
  maxTokens: data.MAX_TOKENS,
  maxDepth: data.MAX_DEPTH,
  maxAliases: data.MAX_ALIASES,
  maxDirectives: data.MAX_DIRECTIVES,
  maxQueryCost: data.MAX_QUERY_COST,
  maxCostPerMinute: data.MAX_COST_PER_MINUTE,
  maxAnswerBytes: data.MAX_ANSWER_BYTES,
  maxUnsentBytesPerKey: data.MAX_UNSENT_BYTES_PER_KEY,
  maxKeptAnswerBytes: data.ANSWER_CACHE_BYTES,
  maxRequestBytesPerKey: data.MAX_REQUEST_BYTES_PER_KEY,
  maxTextBytesPerHour: data.MAX_TEXT_BYTES_PER_HOUR,
  maxChangesPerHour: data.MAX_CHANGES_PER_HOUR,
  maxBroadcastsPerKey: data.MAX_BROADCASTS_PER_KEY,
  maxPageSize: data.MAX_PAGE_SIZE,
  maxListValues: data.MAX_LIST_VALUES,
  maxBodyBytes: data.MAX_BODY_BYTES,
  maxJsonValues: data.MAX_JSON_VALUES,
  maxMailBytes: data.MAX_MAIL_BYTES,
  maxOperationsPerSocket: data.MAX_OPERATIONS_PER_SOCKET,
  maxSocketsPerKey: data.MAX_SOCKETS_PER_KEY,
  maxSocketsPerAddress: data.MAX_SOCKETS_PER_ADDRESS,
  connectionInitTimeoutMs: data.CONNECTION_INIT_TIMEOUT_MS,
  maxStreamsPerKey: data.MAX_STREAMS_PER_KEY,
  maxStreamsPerAddress: data.MAX_STREAMS_PER_ADDRESS,
  maxMessagesPerSecond: data.MAX_MESSAGES_PER_SECOND,
  maxFailedAuthenticationsPerMinute: data.MAX_FAILED_AUTHENTICATIONS_PER_MINUTE,
})
