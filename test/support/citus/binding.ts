import { kinds } from '../../../src/db/citus.ts'
import { mayAskAllNodes } from './of-all-workspaces.ts'
import { isNode, lastName, type Node, namesOf } from './tree.ts'

/** What a statement compares the workspace of a table with: a value, or the workspace of another table. */
type Place = 'value' | Table
type Table = { name: string; alias: string; column: string; isLocked: boolean }

/** The tables that a part of a statement can name, those of the parts around it last. */
type Scope = readonly Table[]

/** `leads`: where the first is bound, so is the second. */
type Found = { tables: Table[]; leads: [Place, Place][] }

/**
 * Whether every table of a statement is bound to the same workspace: by a value, as the parts of a statement are planned
 * one by one. What it returns are Citus' own words; null: it is.
 */
export function boundTogether(statement: Node, text: string): string | null {
  const found: Found = { tables: [], leads: [] }
  read(statement, [], found)
  if (found.tables.length === 0) return null
  const bound = boundBy('value', found.leads)
  const unbound = found.tables.filter(table => !bound.has(table))
  if (unbound.length === 0) return null
  if (unbound.some(table => table.isLocked))
    return 'could not run distributed query with FOR UPDATE/SHARE commands'
  if (unbound.length < found.tables.length)
    return `complex joins are only supported when all distributed tables are co-located and joined on their distribution columns: ${unbound.map(({ alias }) => alias)}`
  return mayAskAllNodes(text) ? null : 'It asks all nodes, and is not known to.'
}

/** Everything that `from` leads to, in one step or in several. */
function boundBy(from: Place, leads: readonly [Place, Place][]): Set<Place> {
  const bound = new Set<Place>([from])
  for (let before = 0; before < bound.size; ) {
    before = bound.size
    for (const [one, other] of leads) if (bound.has(one)) bound.add(other)
  }
  return bound
}

/** @param only where only these are bound by the condition; null: both of its sides are */
function equate(condition: Node, scope: Scope, found: Found, only: readonly Table[] | null = null): void {
  const [one, other] = equation(condition).map(side => placeOf(side, scope))
  if (!one || !other) return
  const both: [Place, Place][] = [
    [one, other],
    [other, one],
  ]
  found.leads.push(...both.filter(([, to]) => only === null || only.includes(to as Table)))
}

/** Reads the statements within a tree, each with its own tables. */
function read(tree: unknown, scope: Scope, found: Found): void {
  if (!isNode(tree)) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'SelectStmt') readLevel(value as Node, scope, found, (value as Node).fromClause)
    else if (key === 'UpdateStmt') readChange(value as Node, scope, found, (value as Node).fromClause)
    else if (key === 'DeleteStmt') readChange(value as Node, scope, found, (value as Node).usingClause)
    else if (key === 'InsertStmt') readInsert(value as Node, scope, found)
    else read(value, scope, found)
  }
}

function readChange(node: Node, scope: Scope, found: Found, from: unknown): void {
  readLevel(node, scope, found, [{ RangeVar: node.relation }, from])
}

/** The workspace of the row that an insert writes is a value, or that of a table which it selects from. */
function readInsert(node: Node, scope: Scope, found: Found): void {
  const { relation, selectStmt, cols } = node as {
    relation: Node
    selectStmt?: { SelectStmt?: Node }
    cols: Node[]
  }
  const select = selectStmt?.SelectStmt ?? {}
  const own = readLevel(select, scope, found, select.fromClause)
  read(node.onConflictClause, scope, found)
  const [target] = tablesOf([{ RangeVar: relation }], false)
  if (!target) return
  found.tables.push(target)
  const at = cols.findIndex(({ ResTarget }) => (ResTarget as Node).name === target.column)
  const [row] = (select.valuesLists ?? []) as { List: { items: Node[] } }[]
  const targets = (select.targetList ?? []) as { ResTarget: { val: Node } }[]
  const place = placeOf(row ? row.List.items[at] : targets[at]?.ResTarget.val, own)
  if (place) found.leads.push([place, target])
}

/** @returns the tables of its own FROM clause */
function readLevel(node: Node, scope: Scope, found: Found, from: unknown): readonly Table[] {
  if (node.op && node.op !== 'SETOP_NONE') {
    read([{ SelectStmt: node.larg }, { SelectStmt: node.rarg }, node.withClause], scope, found)
    return []
  }
  const own = tablesOf(from, node.lockingClause !== undefined)
  found.tables.push(...own)
  const around = [...own, ...scope]
  for (const condition of conjuncts(node.whereClause)) equate(condition, around, found)
  for (const { jointype, quals, rarg } of joinsOf(from)) {
    // The rows of the left side come whether the condition of an outer join holds or not.
    const right = jointype === 'JOIN_LEFT' ? own.filter(({ alias }) => aliasesIn(rarg).has(alias)) : null
    for (const condition of conjuncts(quals)) equate(condition, around, found, right)
  }
  read([node.targetList, from, node.whereClause, node.havingClause, node.sortClause], around, found)
  // A common table expression sees nothing of the statement that it belongs to.
  read(node.withClause, [], found)
  return own
}

/** The distributed tables of a FROM clause, without those of its subqueries. */
function tablesOf(from: unknown, isLocked: boolean): Table[] {
  if (!isNode(from)) return []
  return Object.entries(from).flatMap(([key, value]): Table[] => {
    if (key === 'RangeSubselect' || key === 'SelectStmt') return []
    if (key !== 'RangeVar') return tablesOf(value, isLocked)
    const { relname: name, alias } = value as { relname: keyof typeof kinds; alias?: { aliasname: string } }
    const column = kinds[name]
    if (column === undefined || column === 'local' || column === 'reference') return []
    return [{ name, alias: alias?.aliasname ?? name, column, isLocked }]
  })
}

/** The joins of a FROM clause, without those of its subqueries. */
function joinsOf(from: unknown): Node[] {
  if (!isNode(from)) return []
  return Object.entries(from).flatMap(([key, value]) => {
    if (key === 'RangeSubselect') return []
    return key === 'JoinExpr' && isNode(value) ? [value, ...joinsOf(value)] : joinsOf(value)
  })
}

const aliasesIn = (from: unknown): Set<string> => new Set(tablesOf(from, false).map(({ alias }) => alias))

function conjuncts(condition: unknown): Node[] {
  if (!isNode(condition)) return []
  const and = condition.BoolExpr as { boolop: string; args: unknown[] } | undefined
  return and?.boolop === 'AND_EXPR' ? and.args.flatMap(conjuncts) : [condition]
}

/** Both sides of an equation; empty: it is none. */
function equation({ A_Expr }: Node): unknown[] {
  const { kind, name, lexpr, rexpr } = (A_Expr ?? {}) as Node
  return kind === 'AEXPR_OP' && lastName(name) === '=' ? [lexpr, rexpr] : []
}

function placeOf(side: unknown, scope: Scope): Place | null {
  if (!isNode(side)) return null
  if ('ParamRef' in side || 'A_Const' in side) return 'value'
  const inner = (side.TypeCast ?? side.CollateClause) as { arg?: unknown } | undefined
  if (inner) return placeOf(inner.arg, scope)
  const [column, alias] = namesOf((side.ColumnRef as Node | undefined)?.fields).reverse()
  return (
    scope.find(table => table.column === column && (alias === undefined || alias === table.alias)) ?? null
  )
}
