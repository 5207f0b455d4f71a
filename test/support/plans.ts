import type { CompiledQuery } from 'kysely'
import type pg from 'pg'
import type { ConversationOrder } from '../../src/domain/conversation/branches.ts'
import type { ConversationFilter } from '../../src/domain/conversation/filter.ts'

/** The filter of an inbox that filters nothing else. */
export const inboxOnly: ConversationFilter = {
  status: ['OPEN', 'CLOSED'],
  source: null,
  assignedToId: null,
  isAssigned: null,
  isUnread: null,
  contactId: null,
  channelId: null,
  lastMessageAt: null,
  createdAt: null,
}

const at = (time: string) => new Date(time)
/** The second day of the benchmark's rows, which is there at every size. */
const day = { from: at('2024-01-02T00:00:00Z'), before: at('2024-01-03T00:00:00Z') }
const before = { from: null, before: at('2023-01-01T00:00:00Z') }
const archived = ['ARCHIVED'] as const
const everyStatus = ['OPEN', 'CLOSED', 'ARCHIVED'] as const

/** The filters of an inbox: those that match much, those that match little, and those that match nothing. */
export const inboxFilters: Record<string, Partial<ConversationFilter> & { byCreation?: true }> = {
  'no filter': {},
  'all statuses': { status: everyStatus },
  status: { status: ['OPEN'] },
  'two statuses': { status: ['OPEN', 'ARCHIVED'] },
  agent: { assignedToId: ['agt_01000000000000000000000001'] },
  'agent, sparse': { assignedToId: ['agt_sparse'] },
  'agent, empty': { assignedToId: ['agt_empty'] },
  'two agents': { assignedToId: ['agt_01000000000000000000000001', 'agt_sparse'] },
  'agent + status': { assignedToId: ['agt_01000000000000000000000001'], status: ['OPEN'] },
  'agent + status, empty': { assignedToId: ['agt_empty'], status: archived },
  unassigned: { isAssigned: false },
  'unassigned + status': { isAssigned: false, status: ['OPEN'] },
  unread: { isUnread: true },
  'unread + status': { isUnread: true, status: ['OPEN'] },
  'unread + status, empty': { isUnread: true, status: archived },
  read: { isUnread: false },
  contact: { contactId: ['ctc_01000000000000000000000001'] },
  channel: { channelId: ['chn_bench'] },
  'channel, sparse': { channelId: ['chn_sparse'] },
  'channel, empty': { channelId: ['chn_empty'] },
  'channel + status': { channelId: ['chn_bench'], status: ['OPEN'] },
  'channel + status, empty': { channelId: ['chn_empty'], status: ['OPEN'] },
  source: { source: ['API'] },
  'source + status': { source: ['API'], status: ['OPEN'] },
  'two sources + status': { source: ['API', 'FORM'], status: ['OPEN'] },
  'day + status': { lastMessageAt: day, status: ['OPEN'] },
  'time + status, empty': { lastMessageAt: before, status: ['OPEN'] },
  'by creation': { byCreation: true },
  'by creation, day + status': { byCreation: true, createdAt: day, status: ['CLOSED'] },
  'by creation, time, empty': { byCreation: true, createdAt: before },
}

/** A filter of the inbox with its order. */
export function inboxFilter(name: string): { filter: ConversationFilter; order: ConversationOrder } {
  const { byCreation, ...filter } = inboxFilters[name] ?? {}
  return {
    filter: { ...inboxOnly, ...filter },
    order: { by: byCreation ? 'createdAt' : 'lastMessageAt', descending: true },
  }
}

type Node = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Node[]
}

/**
 * What a statement does: how many rows it sorts, whether it reads a whole table, and how many conversations and other rows
 * it reads. PostgreSQL merges the pages of several branches, or sorts them where that costs it less.
 */
export type Plan = { sorted: number; isScanned: boolean; read: number; readAlong: number; returned: number }

export async function planOf(client: pg.Client, { sql, parameters }: CompiledQuery): Promise<Plan> {
  const { rows } = await client.query(`explain (analyze, format json) ${sql}`, [...parameters])
  return planIn(rows)
}

/** What a statement does with the plan that a connection keeps for it, whatever its values are. */
export async function keptPlanOf(client: pg.Client, { sql, parameters }: CompiledQuery): Promise<Plan> {
  await client.query(`prepare kept as ${sql}`)
  try {
    await client.query('set plan_cache_mode = force_generic_plan')
    const values = parameters.map(value => client.escapeLiteral(literalOf(value)))
    const { rows } = await client.query(`explain (analyze, format json) execute kept(${values})`)
    return planIn(rows)
  } finally {
    await client.query('reset plan_cache_mode')
    await client.query('deallocate kept')
  }
}

const literalOf = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value))

function planIn(rows: unknown[]): Plan {
  const top = (rows[0] as { 'QUERY PLAN': { Plan: Node }[] })['QUERY PLAN'][0]?.Plan
  if (!top) throw new Error('There is no plan.')
  const nodes = nodesOf(top)
  const isOfList = (node: Node) => node['Relation Name'] === 'conversation'
  return {
    sorted: Math.max(0, ...nodes.filter(node => /Sort/.test(node['Node Type'])).flatMap(rowsBelow)),
    isScanned: nodes.some(
      node => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'conversation',
    ),
    read: rowsOf(nodes.filter(isOfList)),
    readAlong: rowsOf(nodes.filter(node => node['Relation Name'] && !isOfList(node))),
    returned: top['Actual Rows'],
  }
}

const rowsOf = (scans: readonly Node[]): number =>
  scans.reduce(
    (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
    0,
  )

const rowsBelow = ({ Plans = [] }: Node): number[] =>
  Plans.map(node => node['Actual Rows'] * node['Actual Loops'])

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]
