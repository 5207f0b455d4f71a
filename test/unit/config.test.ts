import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'

test('needs nothing', () => {
  expect(readConfig({})).toEqual({
    host: '127.0.0.1',
    port: 4000,
    dataDir: '.data',
    databaseUrl: null,
    demo: true,
    demoTraffic: true,
    logLevel: 'info',
    demoApiKey: null,
    smtpUrl: null,
    mailDir: '.data/mail',
    mailFrom: 'support@localhost.localdomain',
    mailReplyDomain: null,
    corsOrigins: [],
    trustedProxies: [],
    eventRetentionDays: null,
    mailKeepDays: 90,
    directDatabaseUrl: null,
    pooled: false,
    replicaUrls: [],
    poolSize: 10,
    poolWaitMs: 2000,
    statementTimeoutMs: 2000,
    namedStatements: true,
    limits: {
      maxDocumentCharacters: 16_384,
      maxDocumentCharactersPerMinute: 2_000_000,
      maxTokens: 1000,
      maxDepth: 16,
      maxAliases: 30,
      maxDirectives: 50,
      maxQueryCost: 10_000,
      maxCostPerMinute: 1_000_000,
      maxAnswerBytes: 16_777_216,
      maxUnsentBytesPerKey: 67_108_864,
      maxKeptAnswerBytes: 33_554_432,
      maxRequestBytesPerKey: 67_108_864,
      maxTextBytesPerHour: 536_870_912,
      maxChangesPerHour: 360_000,
      maxBroadcastsPerKey: 200,
      maxPageSize: 100,
      maxListValues: 100,
      maxBodyBytes: 1_048_576,
      maxJsonValues: 10_000,
      maxMailBytes: 26_214_400,
      maxOperationsPerSocket: 100,
      maxSocketsPerKey: 1000,
      maxSocketsPerAddress: 4000,
      connectionInitTimeoutMs: 3000,
      maxStreamsPerKey: 1000,
      maxStreamsPerAddress: 4000,
      maxMessagesPerSecond: 100,
      maxFailedAuthenticationsPerMinute: 60,
    },
    graphiql: true,
    connections: {
      maxConnections: 10_000,
      maxConnectionsPerAddress: 5_000,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      mailRequestTimeoutMs: 120_000,
      stalledAnswerTimeoutMs: 30_000,
    },
    shutdownDelayMs: 0,
    metricsKey: null,
    metricsPort: null,
    trustedDocuments: null,
    trustedOnly: false,
  })
})

test('has no demo on a Postgres unless DEMO is 1', () => {
  const url = 'postgres://localhost/inbox'
  expect(readConfig({ DATABASE_URL: url }).demo).toBe(false)
  expect(readConfig({ DATABASE_URL: url, DEMO: '1' }).demo).toBe(true)
  expect(readConfig({ DEMO: '0' }).demo).toBe(false)
})

test('takes an empty variable for one that is not set', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: ' ' }).port).toBe(4000)
})

test('reads a list of origins', () => {
  expect(readConfig({ CORS_ORIGINS: 'https://a.example, http://localhost:3000' }).corsOrigins).toEqual([
    'https://a.example',
    'http://localhost:3000',
  ])
})

test('reads a list of proxies', () => {
  expect(readConfig({ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,2001:db8::/32' }).trustedProxies).toEqual([
    '127.0.0.1',
    '10.0.0.0/8',
    '2001:db8::/32',
  ])
  expect(() => readConfig({ TRUSTED_PROXIES: 'proxy.example' })).toThrow('TRUSTED_PROXIES must be a list')
})

test('names every problem at once', () => {
  expect(() =>
    readConfig({ PORT: '70000', DATABASE_URL: 'mysql://x', DEMO: 'yes', CORS_ORIGINS: '*' }),
  ).toThrow(/PORT .*\nDATABASE_URL .*\nDEMO .*\nCORS_ORIGINS /s)
})

test('refuses to trust only documents that it does not have', () => {
  expect(() => readConfig({ TRUSTED_ONLY: '1' })).toThrow('TRUSTED_ONLY needs TRUSTED_DOCUMENTS.')
})

test('refuses limits that contradict each other, and times that a timer cannot keep', () => {
  expect(() => readConfig({ MAX_COST_PER_MINUTE: '9999' })).toThrow(
    'MAX_COST_PER_MINUTE must be at least MAX_QUERY_COST.',
  )
  expect(() => readConfig({ MAX_UNSENT_BYTES_PER_KEY: '1000' })).toThrow(
    'MAX_UNSENT_BYTES_PER_KEY must be at least MAX_ANSWER_BYTES.',
  )
  expect(() => readConfig({ MAX_REQUEST_BYTES_PER_KEY: '1000' })).toThrow(
    'MAX_REQUEST_BYTES_PER_KEY must be at least MAX_BODY_BYTES.',
  )
  expect(readConfig({ POOL_WAIT_MS: '2147483647' }).poolWaitMs).toBe(2_147_483_647)
  expect(() => readConfig({ POOL_WAIT_MS: '2147483648' })).toThrow('POOL_WAIT_MS must be at most 2147483647')
})

test('plays traffic in a demo only, and by default only if its mail goes to files', () => {
  const traffic = (environment: NodeJS.ProcessEnv) => readConfig(environment).demoTraffic
  expect(traffic({ SMTP_URL: 'smtp://mail.example.com' })).toBe(false)
  expect(traffic({ SMTP_URL: 'smtp://mail.example.com', DEMO_TRAFFIC: '1' })).toBe(true)
  expect(traffic({ DEMO: '0', DEMO_TRAFFIC: '1' })).toBe(false)
  expect(traffic({ DEMO_TRAFFIC: '0' })).toBe(false)
})

test('refuses mails that are larger than what a workspace may add in an hour, if they are kept', () => {
  expect(() => readConfig({ MAX_TEXT_BYTES_PER_HOUR: '1000000' })).toThrow(
    'MAX_TEXT_BYTES_PER_HOUR must be at least MAX_MAIL_BYTES, as mails are kept.',
  )
  expect(readConfig({ MAX_TEXT_BYTES_PER_HOUR: '1000000', MAIL_KEEP_DAYS: '0' }).mailKeepDays).toBe(0)
})

const postgres = 'postgres://localhost/inbox'

test('the address behind a pooler says that there is one, which keeps no statements unless told so', () => {
  const pooled = { DATABASE_URL: `${postgres}_pooled`, DATABASE_DIRECT_URL: postgres }
  expect(readConfig(pooled)).toMatchObject({
    directDatabaseUrl: postgres,
    pooled: true,
    namedStatements: false,
  })
  expect(readConfig({ ...pooled, PG_NAMED_STATEMENTS: '1' }).namedStatements).toBe(true)
  expect(readConfig({ DATABASE_URL: postgres, PG_NAMED_STATEMENTS: '0' })).toMatchObject({
    directDatabaseUrl: postgres,
    pooled: true,
  })
  expect(() => readConfig({ DATABASE_DIRECT_URL: postgres })).toThrow('needs DATABASE_URL')
})

test('read replicas are a list of addresses, each of which may name several hosts', () => {
  const urls = 'postgres://a,b/inbox, postgresql://c/inbox'
  expect(readConfig({ DATABASE_URL: postgres, DATABASE_REPLICA_URLS: urls }).replicaUrls).toEqual([
    'postgres://a,b/inbox',
    'postgresql://c/inbox',
  ])
  expect(() => readConfig({ DATABASE_REPLICA_URLS: urls })).toThrow('needs DATABASE_URL')
  expect(() => readConfig({ DATABASE_URL: postgres, DATABASE_REPLICA_URLS: 'mysql://c' })).toThrow(
    'must begin with postgres://',
  )
})
