import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isInputObjectType,
  isObjectType,
} from 'graphql'

/** The place of one text in the arguments of a field, such as `Query.conversations(filter.contactId)`. */
export type Position = {
  coordinate: string
  parent: string
  field: GraphQLField<unknown, unknown>
  path: string[]
  type: GraphQLInputType
}

/** The types whose values can name something. */
const texts = ['ID', 'String', 'EventCursor']

/** Every position of a text that the printed schema has, through all its input types. */
export function textPositions(): Position[] {
  const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap(type =>
      Object.values(type.getFields()).flatMap(field => positionsIn(type.name, field as Position['field'])),
    )
}

function positionsIn(parent: string, field: Position['field']): Position[] {
  const walk = (path: string[], type: GraphQLInputType, above: string[]): Position[] => {
    const named = getNamedType(type)
    if (texts.includes(named.name))
      return [{ coordinate: `${parent}.${field.name}(${path.join('.')})`, parent, field, path, type }]
    // A type inside itself has the positions that were found already.
    if (!isInputObjectType(named) || above.includes(named.name)) return []
    return Object.values(named.getFields()).flatMap(({ name, type }) =>
      walk([...path, name], type, [...above, named.name]),
    )
  }
  return field.args.flatMap(({ name, type }) => walk([name], type, []))
}
