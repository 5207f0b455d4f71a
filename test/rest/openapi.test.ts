import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'

test('is the OpenAPI document of the six routes and its pages', async ({ gateway }) => {
  const document = await (await fetch(`${gateway.url}/v1/openapi.json`)).json()
  const operations = Object.values((document as { paths: Record<string, object> }).paths).flatMap(Object.keys)
  expect(operations.sort()).toEqual(['get', 'get', 'post', 'post', 'put', 'put'])
  expect((await fetch(`${gateway.url}/v1/docs`)).status).toBe(200)
})
