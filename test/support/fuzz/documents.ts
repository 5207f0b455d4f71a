import fc from 'fast-check'
import {
  type GraphQLField,
  type GraphQLInputType,
  GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
} from 'graphql'
import type { Known } from './known.ts'
import { valuesOf } from './values.ts'

export type Argument = { name: string; type: GraphQLInputType; value: unknown; isVariable: boolean }
export type Directive = { name: 'include' | 'skip'; if: boolean; isVariable: boolean }

/** A field, or a fragment on a type: with a name of its own, or inline. */
export type Selected = {
  directive: Directive | null
  of: Selected[] | null
} & (
  | { kind: 'field'; name: string; isAliased: boolean; arguments: Argument[] }
  | { kind: 'fragment'; on: string; isNamed: boolean }
)

/** An operation that fits the schema. Its arguments need not fit the inbox. */
export type Operation = { kind: 'query' | 'mutation' | 'subscription'; fields: Selected[] }

const directives: fc.Arbitrary<Directive | null> = fc.oneof(
  { weight: 30, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constantFrom('include' as const, 'skip' as const),
      if: fc.boolean(),
      isVariable: fc.boolean(),
    }),
  },
)

type Composite = GraphQLObjectType | GraphQLInterfaceType

/** How deep a selection may go below its operation. A page of a list takes two levels. */
const maxDepth = 7

/** Arbitrary operations of a schema, with arguments about what is known of an inbox. */
export function operationsOf(
  schema: GraphQLSchema,
  known: Known,
  kinds: Record<Operation['kind'], number>,
): fc.Arbitrary<Operation> {
  const selections = new Map<string, fc.Arbitrary<Selected[]>>()

  function field({ name, args, type }: GraphQLField<unknown, unknown>, depth: number) {
    const inner = getNamedType(type)
    return fc.record({
      kind: fc.constant('field' as const),
      name: fc.constant(name),
      isAliased: fc.nat(5).map(number => number === 5),
      arguments: fc.tuple(...args.map(argument)).map(list => list.filter(({ value }) => value !== undefined)),
      directive: directives,
      of: isCompositeType(inner) ? selection(inner as Composite, depth - 1) : fc.constant(null),
    }) as fc.Arbitrary<Selected>
  }

  const argument = ({ name, type }: { name: string; type: GraphQLInputType }): fc.Arbitrary<Argument> =>
    fc.record({
      name: fc.constant(name),
      type: fc.constant(type),
      value: valuesOf(type, name, known),
      isVariable: fc.boolean(),
    })

  function fragment(type: Composite, depth: number): fc.Arbitrary<Selected> {
    const types: readonly GraphQLNamedType[] =
      type instanceof GraphQLInterfaceType ? schema.getPossibleTypes(type) : [type]
    return fc.oneof(
      ...types.map(on =>
        fc.record({
          kind: fc.constant('fragment' as const),
          on: fc.constant(on.name),
          isNamed: fc.boolean(),
          directive: directives,
          of: selection(on as Composite, depth - 1),
        }),
      ),
    ) as fc.Arbitrary<Selected>
  }

  function selection(type: Composite, depth: number): fc.Arbitrary<Selected[]> {
    const key = `${type.name} ${depth}`
    const made = selections.get(key) ?? fc.memo(() => manyOf(type, depth))()
    selections.set(key, made)
    return made
  }

  function manyOf(type: Composite, depth: number): fc.Arbitrary<Selected[]> {
    const leaf = (each: GraphQLField<unknown, unknown>) => !isCompositeType(getNamedType(each.type))
    const fields = Object.values(type.getFields())
    const chosen = depth > 0 ? fields : fields.filter(leaf)
    // A page without its items is a dull question, so the way to the items is taken most often.
    const weight = ({ name }: { name: string }) => (name === 'edges' || name === 'node' ? 12 : 2)
    const options = [
      ...chosen.map(each => ({ weight: weight(each), arbitrary: field(each, depth) })),
      ...(depth > 0 ? [{ weight: 1, arbitrary: fragment(type, depth) }] : []),
    ]
    if (chosen.length === 0) return fc.constant([])
    return fc.uniqueArray(fc.oneof(...options), { minLength: 1, maxLength: 3, selector: nameOf })
  }

  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }
  return fc.oneof(
    ...Object.entries(kinds).map(([name, weight]) => {
      const kind = name as Operation['kind']
      const root = roots[kind]
      if (!root) throw new Error(`The schema has no ${kind}.`)
      const fields = selection(root, maxDepth)
      return {
        weight,
        arbitrary: fc.record({
          kind: fc.constant(kind),
          fields: kind === 'subscription' ? fields.map(([first]) => (first ? [first] : [])) : fields,
        }),
      }
    }),
  )
}

const nameOf = (selected: Selected) => (selected.kind === 'field' ? selected.name : `... ${selected.on}`)
