import { type DocumentNode, Kind, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema/schema.ts'
import { operations } from '../../src/graphql/transport/graphiql/operations.ts'

const documents = operations.map(text => parse(text))

/** The root fields of one kind of operation. */
const fieldsOf = (document: DocumentNode, kind: string) =>
  document.definitions
    .filter(definition => definition.kind === Kind.OPERATION_DEFINITION)
    .filter(({ operation }) => operation === kind)
    .flatMap(({ selectionSet }) => selectionSet.selections)
    .map(selection => (selection.kind === Kind.FIELD ? selection.name.value : ''))

test('the tabs of GraphiQL are valid', () => {
  for (const document of documents) expect(validate(schema, document)).toEqual([])
})

test('the tabs of GraphiQL have each subscription, and each mutation that needs no administrator', () => {
  const shown = (kind: string) => documents.flatMap(document => fieldsOf(document, kind)).sort()
  const subscriptions = Object.keys(schema.getSubscriptionType()?.getFields() ?? {})
  expect(shown('subscription')).toEqual(subscriptions.sort())
  const mutations = Object.entries(schema.getMutationType()?.getFields() ?? {})
    .filter(([_, { description }]) => !description?.includes('scope `admin`'))
    .map(([name]) => name)
  expect(shown('mutation')).toEqual(mutations.sort())
})
