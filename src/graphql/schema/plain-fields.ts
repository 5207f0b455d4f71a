import { type GraphQLSchema, isObjectType } from 'graphql'
import { objectTypes } from './refs.ts'

/** The fields that are properties of what they belong to, by the names of their types. */
const plainFields: [RegExp, string[]][] = [
  [/Connection$/, ['edges', 'pageInfo']],
  [/Edge$/, ['node']],
  // Columns that are read where they are selected. One that was not read is an error, as these fields are never null.
  [/^Message$/, ['status', 'preview']],
]

/**
 * Removes the resolvers of fields that are properties of their row: without a resolver a field is read directly, also in
 * compiled queries. The ids of events are made from their numbers, so they keep theirs.
 */
export function readPlainly(schema: GraphQLSchema): GraphQLSchema {
  for (const { name } of Object.values(objectTypes)) readFields(schema, name, ['id'])
  for (const name of Object.keys(schema.getTypeMap()))
    for (const [ending, fields] of plainFields) if (ending.test(name)) readFields(schema, name, fields)
  return schema
}

function readFields(schema: GraphQLSchema, typeName: string, names: readonly string[]): void {
  const type = schema.getType(typeName)
  if (!isObjectType(type)) return
  const fields = type.getFields()
  for (const name of names) if (fields[name]) delete fields[name].resolve
}
