import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'

test.for([
  'subscription { conversationStatusChanged @skip(if: true) { status } }',
  'subscription ($no: Boolean = false) { conversationStatusChanged @include(if: $no) { status } }',
  'subscription { ... @skip(if: true) { conversationStatusChanged { status } } }',
  'subscription { ...F } fragment F on Subscription { conversationStatusChanged @skip(if: true) { status } }',
])('a subscription whose root field may be left out is refused: %s', async (query, { acme }) => {
  const { status, errors } = await acme.client.graphql(query)
  expect(status).toBe(200)
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['INVALID_INPUT'])
})
