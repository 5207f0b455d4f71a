import fc from 'fast-check'
import type { Printed } from './printing.ts'
import { oddText, oddValue } from './values.ts'

/** What is done to a document before it is sent. `at` counts tokens, characters or variables, around the end. */
export type Damage =
  | { kind: 'none' }
  | { kind: 'cut' | 'double' | 'drop'; at: number }
  | { kind: 'replace'; at: number; by: string }
  | { kind: 'variable'; at: number; value: unknown }

const tokens = fc.oneof(
  fc.constantFrom(
    'unknownField',
    '{',
    '}',
    '(',
    '$none',
    '...',
    '@deprecated',
    '!',
    '""',
    '"""',
    '0',
    '-9e9',
    'null',
  ),
  fc.constantFrom(
    '__schema',
    '__typename',
    'on',
    'fragment',
    'subscription',
    '...F0',
    '[[[[[[',
    '# comment\n',
  ),
  oddText,
)

/** Most documents stay as they are. */
export const damages: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 14, arbitrary: fc.constant<Damage>({ kind: 'none' }) },
  fc.record({ kind: fc.constantFrom('cut' as const, 'double' as const, 'drop' as const), at: fc.nat(2_000) }),
  fc.record({ kind: fc.constant('replace' as const), at: fc.nat(2_000), by: tokens }),
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('variable' as const), at: fc.nat(20), value: oddValue }),
  },
)

/** Damages a document or one of its variables. */
export function damaged(document: Printed, damage: Damage): Printed {
  const { query, variables } = document
  if (damage.kind === 'none') return document
  if (damage.kind === 'cut') return { ...document, query: query.slice(0, damage.at % query.length) }
  if (damage.kind === 'variable') {
    const names = Object.keys(variables)
    const name = names[damage.at % Math.max(names.length, 1)] ?? '__proto__'
    return { ...document, variables: { ...variables, [name]: damage.value } }
  }
  const parts = query.match(/"(?:[^"\\]|\\.)*"|[\w$]+|\s+|./gsu) ?? []
  const at = damage.at % parts.length
  const replaced = { double: [parts[at] ?? '', parts[at] ?? ''], drop: [], replace: [] }[damage.kind]
  parts.splice(at, 1, ...(damage.kind === 'replace' ? [damage.by] : replaced))
  return { ...document, query: parts.join('') }
}
