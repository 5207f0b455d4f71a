import { expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { rawGet } from '../support/raw-http.ts'

const test = startedWith(base, { metricsKey: 'let-me-see', metricsPort: 0 })

test('metrics with a key and a port of their own are served there, to those who bear the key', async ({
  gateway,
}) => {
  const url = (await gateway.app.metricsServer?.listen({ host: '127.0.0.1', port: 0 })) ?? ''
  const status = async (authorization?: string) =>
    (await rawGet(url, '/metrics', authorization ? { authorization } : {})).status
  expect(await status()).toBe(401)
  expect(await status('Bearer let-me-see-')).toBe(401)
  expect(await status('Bearer let-me-see')).toBe(200)
  const elsewhere = await rawGet(gateway.url, '/metrics', { authorization: 'Bearer let-me-see' })
  expect(elsewhere.status).toBe(404)
  const refused = await rawGet(url, '/metrics')
  expect(refused.headers['www-authenticate']).toBe('Bearer')
  expect(JSON.parse(String(refused.body))).toEqual({
    statusCode: 401,
    error: 'Unauthorized',
    message: 'Missing or invalid key for the metrics.',
  })
  const { body } = await rawGet(url, '/metrics', { authorization: 'Bearer let-me-see' })
  expect(String(body)).toMatch(/gateway_http_request_seconds_count\{.*route="none",status="404"\} 1/)
})
