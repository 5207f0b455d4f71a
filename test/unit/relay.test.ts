import { expect, test } from 'vitest'
import { compileForRelay } from '../support/relay.ts'
import { textPositions } from '../support/schema-positions.ts'

/** Every list that is a connection, such as `Contact.conversations`. */
const connections = textPositions()
  .filter(({ path, parent }) => path.join() === 'after' && parent !== 'Subscription')
  .map(({ parent, field }) => ({ parent, field: field.name, name: `${parent}_${field.name}` }))

const documentOf = ({ parent, field, name }: (typeof connections)[number]) =>
  `fragment walk_${name} on ${parent}
    @refetchable(queryName: "walk${name.replace('_', '')}Query")
    @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    ${field}(first: $count, after: $cursor) @connection(key: "walk_${name}_${field}") {
      edges { node { id } }
    }
  }`

test('the schema has connections to compile', () => {
  expect(connections.length).toBeGreaterThanOrEqual(8)
})

test('Relay compiles a refetchable connection of every list', async () => {
  const artifacts = await compileForRelay(connections.map(documentOf))
  const expected = connections.flatMap(({ name }) => [`walk_${name}`, `walk${name.replace('_', '')}Query`])
  expect([...artifacts.keys()].sort()).toEqual(expected.sort())
})
