import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { client } from '../support/gateway.ts'

test('an address that sends many wrong keys is told to come again later, and a valid key is still accepted', async ({
  gateway,
  acme,
}) => {
  const path = `/v1/workspaces/${acme.id}/support/inbox/conversations`
  const wrong = client(gateway.url, 'cgw_wrong')
  const answers: { status: number; headers: Headers }[] = []
  for (let index = 0; index < 70; index++) answers.push(await wrong.rest('GET', path))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
  const refused = answers.find(({ status }) => status === 429)
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await acme.client.rest('GET', path)).status).toBe(200)
})
