import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql'
import { refusal } from '../../domain/errors.ts'
import type { Arguments } from '../schema/weight.ts'

/** One field of an operation with what it selects. Fields with the same response key are merged, as in the execution. */
export type PlannedField = {
  key: string
  field: GraphQLField<unknown, unknown>
  /** The name of the field's type, without list and non-null. */
  typeName: string
  isLeaf: boolean
  isConnection: boolean
  /** Whether it belongs to the introspection. */
  isIntrospected: boolean
  /** The arguments as written; their variables are bound later. */
  args: readonly { name: string; value: ValueNode }[]
  children: readonly PlannedField[]
}

/** What an operation selects, in how many fields, and the defaults of its variables. */
export type CostPlan = { fields: readonly PlannedField[]; size: number; defaults: Arguments }

/** Fragments can make a small document select millions of fields. Beyond this number it is not looked at further. */
const maxPlannedFields = 5_000

/**
 * Plans an operation of a valid document. This needs no variables, so it is done once a document.
 * @throws Refusal LIMIT_EXCEEDED
 */
export function planOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CostPlan {
  const fragments = new Map(
    document.definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map(fragment => [fragment.name.value, fragment]),
  )
  let planned = 0

  function plan(type: GraphQLCompositeType, selectionSets: readonly SelectionSetNode[]): PlannedField[] {
    const selected = new Map<string, Selected>()
    const seen = new Set<string>()
    for (const selectionSet of selectionSets) collect(type, selectionSet, selected, seen)
    return [...selected].map(([key, { field, nodes }]) => {
      if (++planned > maxPlannedFields)
        throw refusal('LIMIT_EXCEEDED', `An operation may select ${maxPlannedFields} fields.`)
      const named = getNamedType(field.type)
      const subselections = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
      return {
        key,
        field,
        typeName: named.name,
        isLeaf: !isCompositeType(named),
        isConnection: named.name.endsWith('Connection'),
        isIntrospected: isIntrospectionType(named),
        args: (nodes[0]?.arguments ?? []).map(({ name, value }) => ({ name: name.value, value })),
        children: isCompositeType(named) ? plan(named, subselections) : [],
      }
    })
  }

  function collect(
    type: GraphQLCompositeType,
    { selections }: SelectionSetNode,
    selected: Map<string, Selected>,
    seen: Set<string>,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) select(type, selection, selected)
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        collect(typeOf(selection.typeCondition?.name.value, type), selection.selectionSet, selected, seen)
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment)
          collect(typeOf(fragment.typeCondition.name.value, type), fragment.selectionSet, selected, seen)
      }
    }
  }

  function typeOf(name: string | undefined, otherwise: GraphQLCompositeType): GraphQLCompositeType {
    const type = name === undefined ? otherwise : schema.getType(name)
    return isCompositeType(type) ? type : otherwise
  }

  const root = schema.getRootType(operation.operation)
  const fields = root ? plan(root, [operation.selectionSet]) : []
  return {
    fields,
    size: planned,
    defaults: Object.fromEntries(
      (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
        defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
      ),
    ),
  }
}

/** They belong to no type. */
const introspection: Readonly<Record<string, GraphQLField<unknown, unknown>>> = {
  __schema: SchemaMetaFieldDef,
  __type: TypeMetaFieldDef,
  __typename: TypeNameMetaFieldDef,
}

type Selected = { field: GraphQLField<unknown, unknown>; nodes: FieldNode[] }

function select(type: GraphQLCompositeType, node: FieldNode, selected: Map<string, Selected>): void {
  const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}
  const field = fields[node.name.value] ?? introspection[node.name.value]
  if (!field) return
  // Types of one interface may have different fields with one response key: each of them counts.
  const key = isAbstractType(type) ? '' : type.name
  const name = node.alias?.value ?? node.name.value
  const known = [name, `${name} ${key}`].find(each => selected.get(each)?.field === field)
  if (known !== undefined) selected.get(known)?.nodes.push(node)
  else selected.set(selected.has(name) ? `${name} ${key}` : name, { field, nodes: [node] })
}
