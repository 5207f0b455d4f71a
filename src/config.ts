import { join } from 'node:path'
import { z } from 'zod'

/** How this process is to run. */
export type Config = {
  host: string
  /** 0: any free one. */
  port: number
  /** Where the embedded database, the demo's key and mail without a server are kept. */
  dataDir: string
  /** The Postgres to use; null: the embedded database in `dataDir`. */
  databaseUrl: string | null
  demo: boolean
  /** null: one is made and kept in `dataDir`. */
  demoApiKey: string | null
  /** null: mail is written as files. */
  smtpUrl: string | null
  /** Files of mail go here without an SMTP server. */
  mailDir: string
  mailFrom: string
  /** The domain whose mail is handed to the gateway, so that answers find their conversation; null: there is none. */
  mailReplyDomain: string | null
  corsOrigins: string[]
  /** Events older than this are deleted; null: kept for ever. */
  eventRetentionDays: number | null
  operationsPerSocket: number
  socketsPerKey: number
}

const url = (...protocols: string[]) =>
  z.url({
    protocol: new RegExp(`^(${protocols.join('|')})$`),
    error: `must be a URL that begins with ${protocols.map(protocol => `${protocol}://`).join(' or ')}`,
  })

const count = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'must be a number from 1 to 9999999')
  .transform(Number)

const Environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d+$/, 'must be a number from 0 to 65535')
    .transform(Number)
    .pipe(z.number().max(65_535, 'must be a number from 0 to 65535'))
    .default(4_000),
  DATA_DIR: z.string().default('.data'),
  // Not always a URL by the URL standard: one that leads to a socket has no host.
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  DEMO: z.enum(['0', '1'], 'must be 0 or 1').optional(),
  DEMO_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/, 'must be 1 to 512 printable ASCII characters without spaces')
    .optional(),
  SMTP_URL: url('smtp', 'smtps').optional(),
  MAIL_FROM: z.email('must be an e-mail address').default('support@localhost.localdomain'),
  MAIL_REPLY_DOMAIN: z
    .string()
    .regex(/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain such as reply.example.com')
    .optional(),
  EVENT_RETENTION_DAYS: count.optional(),
  MAX_OPERATIONS_PER_SOCKET: count.default(100),
  MAX_SOCKETS_PER_KEY: count.default(1_000),
  CORS_ORIGINS: z
    .string()
    .transform(list =>
      list
        .split(',')
        .map(origin => origin.trim())
        .filter(Boolean)
        .map(origin => URL.parse(origin)?.origin ?? origin),
    )
    .pipe(
      z.array(
        z.url({ protocol: /^https?$/, error: 'must be a list of origins such as https://inbox.example.com' }),
      ),
    )
    .default([]),
})

/** Reads the environment; a variable set to nothing counts as unset. @throws Error that names every problem at once */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const { success, data, error } = Environment.safeParse(given)
  if (!success)
    throw new Error(error.issues.map(issue => `${String(issue.path[0])} ${issue.message}.`).join('\n'))
  return {
    host: data.HOST,
    port: data.PORT,
    dataDir: data.DATA_DIR,
    databaseUrl: data.DATABASE_URL ?? null,
    demo: data.DEMO === undefined ? data.DATABASE_URL === undefined : data.DEMO === '1',
    demoApiKey: data.DEMO_API_KEY ?? null,
    smtpUrl: data.SMTP_URL ?? null,
    mailDir: join(data.DATA_DIR, 'mail'),
    mailFrom: data.MAIL_FROM,
    mailReplyDomain: data.MAIL_REPLY_DOMAIN ?? null,
    corsOrigins: data.CORS_ORIGINS,
    eventRetentionDays: data.EVENT_RETENTION_DAYS ?? null,
    operationsPerSocket: data.MAX_OPERATIONS_PER_SOCKET,
    socketsPerKey: data.MAX_SOCKETS_PER_KEY,
  }
}
