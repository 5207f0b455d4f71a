import { expect } from 'vitest'
import { test as base } from '../support/fixtures.ts'
import { filledWorkspace } from '../support/two-workspaces.ts'

// What a test does to these rows leaves each of them there and with its id.
const test = base
  .extend('own', { scope: 'file' }, ({ gateway }) => filledWorkspace(gateway, 'own@example.com'))
  .extend('foreign', { scope: 'file' }, async ({ gateway }) => {
    const { ids } = await filledWorkspace(gateway, 'foreign@example.com')
    return ids
  })

test('nodes returns every type of row of the own workspace, and none of another', async ({
  own,
  foreign,
}) => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }'
  const answer = async (ids: string[]) =>
    (await own.client.graphql<{ nodes: unknown[] }>(query, { ids })).data.nodes
  expect(await answer(Object.values(own.ids))).toEqual(
    Object.values(own.ids).map(id => ({ id, __typename: expect.any(String) })),
  )
  expect(await answer(Object.values(foreign))).toEqual(Object.values(foreign).map(() => null))
})
