/** A node of the tree that PostgreSQL's own parser makes of a statement. */
export type Node = Record<string, unknown>

export const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

type Reach = { intoSubqueries: boolean }

/** All nodes of a kind within a tree, in its order. */
export function nodesIn(
  tree: unknown,
  kind: string,
  { intoSubqueries }: Reach = { intoSubqueries: true },
): Node[] {
  if (!isNode(tree)) return []
  return Object.entries(tree).flatMap(([key, value]) => {
    // Where only one kind can stand, a tree has the node without the name of its kind.
    const isKind = key === kind || (kind === 'WithClause' && key === 'withClause')
    const own = isKind && isNode(value) ? [value] : []
    if (key === 'subselect' && !intoSubqueries) return own
    return [...own, ...nodesIn(value, kind, { intoSubqueries })]
  })
}

/** The names of the functions that are called within a tree. */
export const functionsIn = (tree: unknown, reach?: Reach): string[] => [
  ...nodesIn(tree, 'FuncCall', reach).map(({ funcname }) => lastName(funcname)),
  ...nodesIn(tree, 'SQLValueFunction', reach).map(() => 'now'),
]

/** The last part of a name. */
export const lastName = (names: unknown): string => namesOf(names).at(-1) ?? ''

/** The parts of a name, such as those of a column. */
export const namesOf = (names: unknown): string[] =>
  (Array.isArray(names) ? names : []).map(name => (name as { String?: { sval: string } }).String?.sval ?? '*')

type Volatility = 'immutable' | 'stable' | 'volatile'

/** As `pg_proc.provolatile` has them. */
const functions: Record<Volatility, string> = {
  immutable: `abs array_agg array_to_tsvector bit_or cardinality count length lower make_interval max min octet_length repeat
    row_number set_bit string_to_array sum tsvectorsend unnest`,
  stable: 'current_setting extract now pg_column_size statement_timestamp transaction_timestamp',
  volatile: 'clock_timestamp gen_random_uuid nextval random set_config',
}

const volatilities = new Map(
  Object.entries(functions).flatMap(([volatility, names]) =>
    names.split(/\s+/).map(name => [name, volatility as Volatility]),
  ),
)

/** undefined: the function is not listed. */
export const volatilityOf = (name: string): Volatility | undefined => volatilities.get(name)
