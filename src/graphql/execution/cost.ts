import { valueFromASTUntyped } from 'graphql'
import { type Refusal, refusal, refusalWith } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import { defaultNestedSize, defaultRootSize } from '../schema/connection.ts'
import { type Arguments, changeWeight, type FieldAbove, introspectionWeight } from '../schema/weight.ts'
import type { CostPlan, PlannedField } from './cost-plan.ts'

/**
 * What an operation costs. `bytes` is the size of its answer without the texts in it, if every page is full, and
 * `textBytes` what those texts may have that are counted one by one. `path` leads to the part that costs most.
 */
export type Cost = { cost: number; bytes: number; textBytes: number; path: string[] }

/** The longest text that a row has beside the text of a message: a subject, a reason, a preview. */
const maxShortTextBytes = 4_096

/** The bytes of a name with its quotes, colon and comma, and of a value that is no text: an id, a time, a number. */
const nameBytes = 4
const valueBytes = 40

/** How many items the lists of the introspection have, about, and what its descriptions have. */
const introspectedLengths: Readonly<Record<string, number>> = {
  types: 100,
  fields: 10,
  inputFields: 10,
  args: 4,
  enumValues: 8,
  possibleTypes: 10,
  interfaces: 2,
  directives: 8,
  locations: 8,
}
const descriptionBytes = 400

/** What a cost depends on besides the document. */
export type Binding = { variables: Arguments; maxPageSize: number }

/** The cost of an operation with these variables, at most: as if every page were full. */
export function costOf(
  { maxPageSize }: Pick<Limits, 'maxPageSize'>,
  { fields, defaults }: CostPlan,
  variables: Arguments | null | undefined,
): Cost {
  const binding = { variables: { ...defaults, ...variables }, maxPageSize }
  return sumOf(fields.map(field => fieldCost(field, binding, root)))
}

/** @throws Refusal LIMIT_EXCEEDED */
export function requireCost(
  { cost, bytes, path }: Cost,
  { maxQueryCost, maxAnswerBytes }: Pick<Limits, 'maxQueryCost' | 'maxAnswerBytes'>,
): void {
  if (cost > maxQueryCost) throw tooDear(cost, maxQueryCost, path)
  requireAnswerBytes(bytes, { maxAnswerBytes })
}

/** @throws Refusal LIMIT_EXCEEDED */
export function requireAnswerBytes(bytes: number, { maxAnswerBytes }: Pick<Limits, 'maxAnswerBytes'>): void {
  if (bytes > maxAnswerBytes) throw refusal('LIMIT_EXCEEDED', `An answer may have ${maxAnswerBytes} bytes.`)
}

function tooDear(requested: number, limit: number, path: string[]): Refusal {
  const message = `The operation may cost ${requested}, and the limit is ${limit}. Its most expensive part is ${path.join('.')}.`
  return refusalWith({ cost: { requested, limit, path } }, 'LIMIT_EXCEEDED', message)
}

/** The field above, with the page size if it is a connection. `isRoot`: there is none. */
export type Parent = FieldAbove & { page: number; isConnection: boolean; isRoot: boolean }

export const root: Parent = { args: {}, isAtRoot: false, page: 1, isConnection: false, isRoot: true }

export function fieldCost(planned: PlannedField, binding: Binding, parent: Parent): Cost {
  const known = constantCosts.get(planned)
  if (known) return known
  const cost = boundCost(planned, binding, parent)
  if (known === undefined) constantCosts.set(planned, isConstant(planned) ? cost : null)
  return cost
}

function boundCost(planned: PlannedField, binding: Binding, parent: Parent): Cost {
  const here = parentOf(planned, binding, parent)
  const length = isEdges(planned) ? parent.page : (planned.field.extensions.length?.(here.args, parent) ?? 1)
  // The introspection costs by what is selected. Its size goes by how often that occurs in the schema.
  const times = planned.isIntrospected ? (introspectedLengths[planned.field.name] ?? 1) : length
  const below = sumOf(planned.children.map(child => fieldCost(child, binding, here)))
  return {
    cost: length * (weightOf(planned, here, parent) + below.cost) + unseenRows(planned, here),
    bytes: planned.key.length + nameBytes + times * (planned.isLeaf ? bytesOfLeaf(planned) : below.bytes),
    textBytes: length * (isShortText(planned) ? maxShortTextBytes : below.textBytes),
    path: [planned.key, ...below.path],
  }
}

/** The costs that are known from the document alone; null: it depends on more. */
const constantCosts = new WeakMap<PlannedField, Cost | null>()

/** Whether a field costs the same wherever it is and with whatever variables, with all that it selects. Most fields do. */
function isConstant(planned: PlannedField): boolean {
  const { isConnection, isIntrospected, args, field, children } = planned
  const { weight, length } = field.extensions
  const isBound = args.length > 0 || typeof weight === 'function' || length !== undefined
  return !isBound && !isConnection && !isEdges(planned) && !isIntrospected && children.every(isConstant)
}

const bytesOfLeaf = ({ field }: PlannedField) =>
  field.name === 'description' ? descriptionBytes : valueBytes

function sumOf(costs: readonly Cost[]): Cost {
  const sum: Cost = { cost: 0, bytes: 0, textBytes: 0, path: [] }
  let largest = 0
  for (const { cost, bytes, textBytes, path } of costs) {
    sum.cost += cost
    sum.bytes += bytes
    sum.textBytes += textBytes
    if (cost > largest) sum.path = path
    largest = Math.max(largest, cost)
  }
  return sum
}

export function parentOf(
  { args, isConnection }: PlannedField,
  { variables, maxPageSize }: Binding,
  { isRoot }: Parent,
): Parent {
  const given: Record<string, unknown> = {}
  for (const { name, value } of args) given[name] = valueFromASTUntyped(value, variables)
  const page = isConnection ? pageSizeOf(given, isRoot, maxPageSize) : 1
  return { args: given, isAtRoot: isRoot, page, isConnection, isRoot: false }
}

/** A size that is out of range is refused by its field. Until then it counts as the largest page. */
function pageSizeOf({ first, last }: Arguments, isRoot: boolean, maxPageSize: number): number {
  const size = first ?? last ?? (isRoot ? defaultRootSize : defaultNestedSize)
  return typeof size === 'number' && size >= 1 && size <= maxPageSize ? size : maxPageSize
}

/** The rows that a page reads cost as much when none of their fields is selected. */
const unseenRows = ({ children }: PlannedField, { page, isConnection }: Parent): number =>
  isConnection && !children.some(edges => isEdges(edges) && edges.children.some(isNode)) ? page : 0

const isShortText = ({ typeName, field }: PlannedField) =>
  typeName === 'String' && !field.extensions.countsItself

const isNode = ({ field }: PlannedField) => field.name === 'node'
const isEdges = ({ field }: PlannedField) => field.name === 'edges'

export function weightOf(
  { field, typeName, isLeaf }: PlannedField,
  { args }: Parent,
  parent: Parent,
): number {
  const { weight } = field.extensions
  if (typeof weight === 'function') return weight(args, parent)
  if (weight !== undefined || isLeaf) return weight ?? 0
  return weightsOfTypes.find(([ending]) => ending.test(typeName))?.[1] ?? 1
}

/** Edges and pages come with what they hold. A payload is that of a change. */
const weightsOfTypes: readonly (readonly [RegExp, number])[] = [
  [/(Edge|PageInfo|UserError)$/, 0],
  [/Payload$/, changeWeight],
  [/^__/, introspectionWeight],
]
