import { z } from 'zod'
import { defaultMaxListValues, defaultMaxPageSize } from './domain/limits.ts'

const url = (...protocols: string[]) =>
  z.url({
    protocol: new RegExp(`^(${protocols.join('|')})$`),
    error: `must be a URL that begins with ${protocols.map(protocol => `${protocol}://`).join(' or ')}`,
  })

const count = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'must be a number from 1 to 9999999999')
  .transform(Number)

const countOrNone = z
  .string()
  .regex(/^(0|[1-9]\d{0,9})$/, 'must be a number from 0 to 9999999999')
  .transform(Number)

/** Longer ones would overflow the timers of Node, which then end at once. */
const milliseconds = count.pipe(z.number().max(2_147_483_647, 'must be at most 2147483647, which is 24 days'))

const list = z.string().transform(values =>
  values
    .split(',')
    .map(value => value.trim())
    .filter(Boolean),
)

const notAnAddress = 'must be a list of addresses and ranges such as 10.0.0.0/8'

const port = z
  .string()
  .regex(/^\d+$/, 'must be a number from 0 to 65535')
  .transform(Number)
  .pipe(z.number().max(65_535, 'must be a number from 0 to 65535'))

const secret = z
  .string()
  .regex(/^[\x21-\x7e]{1,512}$/, 'must be 1 to 512 printable ASCII characters without spaces')

/** Not checked as a URL: a connection string for a Unix socket has no host, so it may not be a valid URL. */
const databaseUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')

/** A URL may have commas itself, in its parameters. */
const databaseUrls = z
  .string()
  .transform(urls => urls.split(/,\s*(?=postgres)/).map(url => url.trim()))
  .pipe(z.array(databaseUrl))

const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const

/** The variables of the environment, with their defaults. An optional one is undefined if it is not set. */
export const Environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(4_000),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_DIRECT_URL: databaseUrl.optional(),
  DATABASE_REPLICA_URLS: databaseUrls.default([]),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  DEMO: z.enum(['0', '1'], 'must be 0 or 1').optional(),
  DEMO_TRAFFIC: z.enum(['0', '1'], 'must be 0 or 1').optional(),
  DEMO_API_KEY: secret.optional(),
  SMTP_URL: url('smtp', 'smtps').optional(),
  MAIL_FROM: z.email('must be an e-mail address').default('support@localhost.localdomain'),
  MAIL_REPLY_DOMAIN: z
    .string()
    .regex(/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain such as reply.example.com')
    .optional(),
  EVENT_RETENTION_DAYS: count.optional(),
  MAIL_KEEP_DAYS: countOrNone.pipe(z.number().max(36_500, 'must be at most 36500, a century')).default(90),
  DATABASE_POOL_SIZE: count.default(10),
  POOL_WAIT_MS: milliseconds.default(2_000),
  STATEMENT_TIMEOUT_MS: milliseconds.default(2_000),
  PG_NAMED_STATEMENTS: z.enum(['0', '1'], 'must be 0 or 1').optional(),
  MAX_DOCUMENT_CHARACTERS: count.default(16_384),
  MAX_DOCUMENT_CHARACTERS_PER_MINUTE: count.default(2_000_000),
  MAX_TOKENS: count.default(1_000),
  MAX_DEPTH: count.default(16),
  MAX_ALIASES: count.default(30),
  MAX_DIRECTIVES: count.default(50),
  MAX_QUERY_COST: count.default(10_000),
  MAX_COST_PER_MINUTE: count.default(1_000_000),
  MAX_ANSWER_BYTES: count.default(16 * 1024 * 1024),
  MAX_UNSENT_BYTES_PER_KEY: count.default(64 * 1024 * 1024),
  ANSWER_CACHE_BYTES: countOrNone.default(32 * 1024 * 1024),
  MAX_REQUEST_BYTES_PER_KEY: count.default(64 * 1024 * 1024),
  MAX_TEXT_BYTES_PER_HOUR: count.default(512 * 1024 * 1024),
  MAX_CHANGES_PER_HOUR: count.default(360_000),
  MAX_BROADCASTS_PER_KEY: count.default(200),
  MAX_PAGE_SIZE: count.default(defaultMaxPageSize),
  MAX_LIST_VALUES: count.default(defaultMaxListValues),
  MAX_BODY_BYTES: count.default(1024 * 1024),
  MAX_JSON_VALUES: count.default(10_000),
  MAX_MAIL_BYTES: count.default(25 * 1024 * 1024),
  MAX_OPERATIONS_PER_SOCKET: count.default(100),
  MAX_SOCKETS_PER_KEY: count.default(1_000),
  MAX_SOCKETS_PER_ADDRESS: count.default(4_000),
  CONNECTION_INIT_TIMEOUT_MS: milliseconds.default(3_000),
  MAX_STREAMS_PER_KEY: count.default(1_000),
  MAX_STREAMS_PER_ADDRESS: count.default(4_000),
  MAX_MESSAGES_PER_SECOND: count.default(100),
  MAX_FAILED_AUTHENTICATIONS_PER_MINUTE: count.default(60),
  CORS_ORIGINS: list
    .transform(origins => origins.map(origin => URL.parse(origin)?.origin ?? origin))
    .pipe(
      z.array(
        z.url({ protocol: /^https?$/, error: 'must be a list of origins such as https://inbox.example.com' }),
      ),
    )
    .default([]),
  TRUSTED_PROXIES: list
    .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], notAnAddress)))
    .default([]),
  GRAPHIQL: z.enum(['0', '1'], 'must be 0 or 1').default('1'),
  MAX_CONNECTIONS: count.default(10_000),
  MAX_CONNECTIONS_PER_ADDRESS: count.default(5_000),
  HEADERS_TIMEOUT_MS: milliseconds.default(10_000),
  REQUEST_TIMEOUT_MS: milliseconds.default(30_000),
  MAIL_REQUEST_TIMEOUT_MS: milliseconds.default(120_000),
  STALLED_ANSWER_TIMEOUT_MS: milliseconds.default(30_000),
  SHUTDOWN_DELAY_MS: countOrNone
    .pipe(z.number().max(600_000, 'must be at most 600000, which is ten minutes'))
    .default(0),
  METRICS_KEY: secret.optional(),
  METRICS_PORT: port.optional(),
  TRUSTED_DOCUMENTS: z.string().optional(),
  TRUSTED_ONLY: z.enum(['0', '1'], 'must be 0 or 1').default('0'),
})
