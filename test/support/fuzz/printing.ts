import type { Argument, Directive, Operation, Selected } from './documents.ts'

/** A document as it is sent. */
export type Printed = { query: string; variables: Record<string, unknown>; operationName: string }

/** Prints an operation, with its variables and fragments. */
export function print({ kind, fields }: Operation): Printed {
  const variables: Record<string, unknown> = {}
  const declared: string[] = []
  const fragments: string[] = []
  let aliases = 0

  function variable(type: string, value: unknown): string {
    const name = `v${declared.length}`
    declared.push(`$${name}: ${type}`)
    variables[name] = jsonOf(value)
    return `$${name}`
  }

  const argument = ({ name, type, value, isVariable }: Argument) =>
    `${name}: ${isVariable ? variable(String(type), value) : literalOf(value)}`

  const directive = (given: Directive | null) =>
    given === null
      ? ''
      : ` @${given.name}(if: ${given.isVariable ? variable('Boolean!', given.if) : given.if})`

  function selected(each: Selected, isInFragment: boolean): string {
    if (each.kind === 'fragment') return fragment(each)
    // Fields of two fragments may have the same name and different types or arguments, so they get names of their own.
    const alias = each.isAliased || isInFragment ? `a${aliases++}: ` : ''
    const given = each.arguments.length === 0 ? '' : `(${each.arguments.map(argument).join(', ')})`
    return `${alias}${each.name}${given}${directive(each.directive)}${block(each.of)}`
  }

  function fragment(each: Extract<Selected, { kind: 'fragment' }>): string {
    const after = directive(each.directive)
    const content = block(each.of, true)
    if (!each.isNamed) return `... on ${each.on}${after}${content}`
    const name = `F${fragments.length}`
    fragments.push(`fragment ${name} on ${each.on}${content}`)
    return `...${name}${after}`
  }

  const block = (of: Selected[] | null, isInFragment = false) =>
    of === null
      ? ''
      : ` { ${of.length === 0 ? '__typename' : of.map(each => selected(each, isInFragment)).join(' ')} }`

  const content = block(fields)
  const head = `${kind} Op${declared.length === 0 ? '' : `(${declared.join(', ')})`}`
  return { query: [`${head}${content}`, ...fragments].join('\n'), variables, operationName: 'Op' }
}

const isEnum = (value: unknown): value is { enum: string } =>
  typeof value === 'object' && value !== null && 'enum' in value

/** A value as JSON, as variables carry it. */
function jsonOf(value: unknown): unknown {
  if (isEnum(value)) return value.enum
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonOf(inner)]))
}

/** A value as a document writes it. */
function literalOf(value: unknown): string {
  if (isEnum(value)) return value.enum
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{ ${fields.map(([name, inner]) => `${name}: ${literalOf(inner)}`).join(', ')} }`
}
