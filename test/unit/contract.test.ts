import { readFileSync } from 'node:fs'
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  parse,
  printSchema,
  validate,
} from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema/schema.ts'

const contract = buildSchema(readFileSync('test/unit/contract/contract.graphql', 'utf8'))

/** What the contract promises and the schema lacks. It is absent, never accepted and ignored. */
const missing: string[] = []

test('keeps the contract, except for what is still missing', () => {
  const broken = findBreakingChanges(contract, schema).map(change => change.description)
  expect(broken.sort()).toEqual(missing.sort())
})

test('is printed in schema.graphql', () => {
  expect(readFileSync('schema.graphql', 'utf8').trim()).toBe(printSchema(schema).trim())
})

test('selects every field of every event and actor type in one document without aliases', () => {
  const implementations = (name: string) => {
    const type = contract.getType(name)
    if (!isInterfaceType(type)) throw new Error(`${name} is not an interface.`)
    return contract.getPossibleTypes(type)
  }
  const leaves = (type: GraphQLNamedType): string =>
    isObjectType(type) || isInterfaceType(type) ? (type.name === 'Actor' ? '{ ...actor }' : '{ id }') : ''
  const fieldsOf = (name: string, skip: string[] = []) =>
    implementations(name).map(type => {
      const fields = Object.values(type.getFields()).filter(field => !skip.includes(field.name))
      const selected = fields.map(field => `${field.name} ${leaves(named(field.type))}`)
      return `... on ${type.name} { ${selected.join(' ')} }`
    })
  const document = parse(`
    subscription Everything { conversationEvents { ...event } }
    fragment event on ConversationEvent { __typename ${fieldsOf('ConversationEvent').join(' ')} }
    fragment actor on Actor { __typename ${fieldsOf('Actor', ['conversations']).join(' ')} }`)
  expect(validate(contract, document)).toEqual([])
})

test('describes every element with more than its name', () => {
  const silent: string[] = []
  const check = (name: string, description: string | null | undefined) => {
    const words = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '')
    const last = name.split(/[.(:]/).at(-1) ?? ''
    if (!description || words(description) === words(last) || description.length < 8) silent.push(name)
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue
    check(type.name, type.description)
    if (isEnumType(type))
      for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description)
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field.description)
      if ('args' in field)
        for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name}:`, arg.description)
    }
  }
  expect(silent).toEqual([])
})

function named(type: unknown): GraphQLNamedType {
  let inner = type as { ofType?: unknown }
  while (inner.ofType) inner = inner.ofType as { ofType?: unknown }
  return inner as unknown as GraphQLNamedType
}
