import { expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'

test('needs nothing', () => {
  expect(readConfig({})).toEqual({
    host: '127.0.0.1',
    port: 4000,
    dataDir: '.data',
    databaseUrl: null,
    demo: true,
    demoApiKey: null,
    smtpUrl: null,
    mailDir: '.data/mail',
    mailFrom: 'support@localhost.localdomain',
    mailReplyDomain: null,
    corsOrigins: [],
    eventRetentionDays: null,
    operationsPerSocket: 100,
    socketsPerKey: 1000,
  })
})

test('has no demo on a real database unless asked for', () => {
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

test('names every problem at once', () => {
  expect(() =>
    readConfig({ PORT: '70000', DATABASE_URL: 'mysql://x', DEMO: 'yes', CORS_ORIGINS: '*' }),
  ).toThrow(/PORT .*\nDATABASE_URL .*\nDEMO .*\nCORS_ORIGINS /s)
})
