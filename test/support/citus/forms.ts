import { loadModule, parseSync } from 'libpg-query'
import { boundTogether } from './binding.ts'
import { functionsIn, isNode, type Node, nodesIn, volatilityOf } from './tree.ts'

await loadModule()

const known = new Map<string, string | null>()

/**
 * What Citus says when it refuses a statement; null: it has one of the forms that are executed on every database. The
 * words are those of Citus 13.2 (multi_router_planner.c, multi_logical_planner.c).
 */
export function refusedByCitus(text: string): string | null {
  const seen = known.get(text)
  if (seen !== undefined) return seen
  const found = refusalOf(text)
  known.set(text, found)
  return found
}

const isOfTables = /^\s*(select|with|insert|update|delete)\b/i

function refusalOf(text: string): string | null {
  if (!isOfTables.test(text)) return null
  const [{ stmt } = { stmt: {} }] = (parseSync(text) as { stmts: { stmt: Node }[] }).stmts
  const statements = ['InsertStmt', 'UpdateStmt', 'DeleteStmt'].flatMap(kind =>
    nodesIn(stmt, kind).map(node => ({ kind, node })),
  )
  const refusals = [
    ...nodesIn(stmt, 'CommonTableExpr').map(refusalOfCte),
    ...nodesIn(stmt, 'ColumnRef').map(refusalOfColumn),
    ...nodesIn(stmt, 'WithClause').map(refusalOfWith),
    ...statements.map(({ kind, node }) => refusalOfChange(kind, node)),
    boundTogether(stmt, text),
  ]
  return refusals.find(refusal => refusal !== null) ?? null
}

function refusalOfCte({ ctequery }: Node): string | null {
  return isNode(ctequery) && 'InsertStmt' in ctequery
    ? "Router planner doesn't support INSERT common table expressions."
    : null
}

const refusalOfWith = ({ recursive }: Node): string | null =>
  recursive ? 'Recursive CTEs are not yet supported in distributed queries' : null

const systemColumns = /"sval":"(ctid|xmin|xmax|cmin|cmax|tableoid)"/

const refusalOfColumn = (column: Node): string | null =>
  systemColumns.test(JSON.stringify(column)) ? 'System columns differ between the nodes.' : null

function refusalOfChange(kind: string, node: Node): string | null {
  const all = functionsIn(node, { intoSubqueries: true })
  const unknown = all.find(name => volatilityOf(name) === undefined)
  if (unknown) return `The function ${unknown} has no known volatility: list it in tree.ts.`
  if (kind === 'InsertStmt') return refusalOfInsert(node)
  if (all.some(name => volatilityOf(name) === 'volatile'))
    return 'functions used in UPDATE queries on distributed tables must not be VOLATILE'
  return refusalOfExpressions([node.targetList, node.whereClause]) ?? refusalOfReturning(node)
}

function refusalOfInsert(node: Node): string | null {
  if (node.withClause) return "Router planner doesn't support common table expressions with INSERT queries."
  const select = node.selectStmt as { SelectStmt?: Node } | undefined
  const isOfValues = select?.SelectStmt?.valuesLists !== undefined
  if (isOfValues && nodesIn(node.selectStmt, 'SubLink').length > 0)
    return 'subqueries are not supported within INSERT queries'
  const conflict = node.onConflictClause as Node | undefined
  if (areMutable(conflict?.targetList))
    return 'functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked IMMUTABLE'
  if (areMutable(conflict?.whereClause))
    return 'functions used in the WHERE clause of the ON CONFLICT clause of INSERTs on distributed tables must be marked IMMUTABLE'
  return refusalOfReturning(node)
}

function refusalOfReturning({ returningList, returningClause }: Node): string | null {
  const returned = [returningList, returningClause]
  if (areMutable(returned)) return 'non-IMMUTABLE functions are not allowed in the RETURNING clause'
  return nodesIn(returned, 'SubLink').length > 0 ? 'A RETURNING clause has no subqueries on a cluster.' : null
}

/** Those that a change evaluates on the coordinator, before it is sent to a node. */
function refusalOfExpressions(expressions: unknown): string | null {
  const lazy = ['CaseExpr', 'CoalesceExpr'].flatMap(kind =>
    nodesIn(expressions, kind, { intoSubqueries: false }),
  )
  if (lazy.some(areMutable)) return 'non-IMMUTABLE functions are not allowed in CASE or COALESCE statements'
  const stable = nodesIn(expressions, 'FuncCall', { intoSubqueries: false }).filter(call =>
    functionsIn({ FuncCall: { ...call, args: [] } }).some(name => volatilityOf(name) === 'stable'),
  )
  const ofTime = nodesIn(expressions, 'A_Expr', { intoSubqueries: false }).filter(isTimeArithmetic)
  return [...stable, ...ofTime].some(call => nodesIn(call, 'ColumnRef').length > 0)
    ? 'STABLE functions used in UPDATE queries cannot be called with column references'
    : null
}

/** A time plus or minus an interval is stable. A tree does not name types, but our columns of time end in this way. */
const isTimeArithmetic = ({ name, lexpr, rexpr }: Node): boolean =>
  /"sval":"[-+]"/.test(JSON.stringify(name)) && /"sval":"\w+_(at|until)"/.test(JSON.stringify([lexpr, rexpr]))

const areMutable = (expressions: unknown): boolean =>
  functionsIn(expressions, { intoSubqueries: true }).some(name => volatilityOf(name) !== 'immutable')
