import { expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { rawGet } from '../support/raw-http.ts'

const test = startedWith(base, { graphiql: false })

test('without GraphiQL a browser is answered as any client without a key', async ({ gateway }) => {
  const { status, headers, body } = await rawGet(gateway.url, '/graphql', { accept: 'text/html' })
  expect(status).toBe(401)
  expect(headers['content-type']).toMatch(/^application\/json/)
  expect(JSON.parse(String(body)).errors[0].extensions.code).toBe('UNAUTHENTICATED')
})
