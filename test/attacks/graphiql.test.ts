import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import type { Gateway } from '../support/gateway.ts'
import { rawGet } from '../support/raw-http.ts'

const page = (gateway: Gateway, headers: Record<string, string> = {}) =>
  rawGet(gateway.url, '/graphql', { accept: 'text/html', ...headers })

describe('GraphiQL', () => {
  test.for([
    ['br, gzip', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['deflate', undefined],
    ['', undefined],
  ] as const)('for a client that accepts "%s" is encoded as %s', async ([accepted, coding], { gateway }) => {
    const { status, headers, body } = await page(gateway, { 'accept-encoding': accepted })
    expect(status).toBe(200)
    expect(headers['content-encoding']).toBe(coding)
    expect(headers.vary).toBe('Accept, Accept-Encoding')
    const decode = { br: brotliDecompressSync, gzip: gunzipSync }
    const html = String(coding ? decode[coding](body) : body)
    expect(html).toMatch(/<!doctype html>.*subscription StatusChanges.*<\/html>/s)
    expect(html).toContain('YOUR_API_KEY')
  })

  test('is not sent again to a client that has it', async ({ gateway }) => {
    const { headers } = await page(gateway, { 'accept-encoding': 'br' })
    const etag = String(headers.etag)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await page(gateway, { 'accept-encoding': 'br', 'if-none-match': tag })
      expect(again).toMatchObject({ status: 304, headers: { etag } })
      expect(again.body).toHaveLength(0)
    }
    const otherCoding = await page(gateway, { 'accept-encoding': 'gzip', 'if-none-match': etag })
    expect(otherCoding.status).toBe(200)
  })

  test('its files are kept for ever by browsers, as their folder is named by their contents', async ({
    gateway,
  }) => {
    const { body } = await page(gateway)
    const [, script = ''] = /src="(\/graphiql\/[^"]*\/graphiql.js)"/.exec(String(body)) ?? []
    const { status, headers, body: sent } = await rawGet(gateway.url, script, { 'accept-encoding': 'br' })
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    })
    expect(String(brotliDecompressSync(sent))).toContain('YogaGraphiQL')
    for (const path of [
      script.replace('graphiql.js', 'other.js'),
      script.replace('graphiql.js', '../../package.json'),
      script.replace('graphiql.js', '%2e%2e%2fpackage.json'),
      '/graphiql/0000000000000000/graphiql.js',
    ])
      expect(await rawGet(gateway.url, path)).toMatchObject({ status: 404 })
  })
})
