import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.ts'
import type { SharedDatabase } from './db/share.ts'
import type { Observe } from './graphql/execution/execute.ts'
import type { TrustedDocuments } from './graphql/execution/trusted-documents.ts'
import type { Hints, HintsOptions } from './live/hints.ts'
import type { MailTransport } from './mail/outbound/transport.ts'
import type { Traces } from './runtime/traces.ts'

/** What a gateway is made of: databases and transports that are open, and settings. */
export type AppOptions = {
  database: SharedDatabase
  /** Copies of the database that queries may read from. */
  replicas: readonly SharedDatabase[]
  mailTransport: MailTransport
  /** Opens the hints, which tell other processes on the same database about changes. */
  openHints(options: HintsOptions): Hints
  log: FastifyBaseLogger
  /** Called with each operation that is executed, and with each event of a subscription. Default: operations are traced, measured and logged. */
  observe?: Observe
  traces: Traces
  /** The trusted documents, and whether nothing else is executed. */
  trusted: TrustedDocuments
  /** A key of the demo that everybody who reaches the gateway may see; null: there is none. */
  demoPageKey: string | null
  /** The folder of the inbox page; null: `/` leads to GraphiQL. */
  page: string | null
} & Pick<
  Config,
  | 'mailFrom'
  | 'mailReplyDomain'
  | 'corsOrigins'
  | 'trustedProxies'
  | 'eventRetentionDays'
  | 'mailKeepDays'
  | 'limits'
  | 'graphiql'
  | 'connections'
  | 'shutdownDelayMs'
  | 'metricsKey'
  | 'metricsPort'
  | 'demoTraffic'
>
