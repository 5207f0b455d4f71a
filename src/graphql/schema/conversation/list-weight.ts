import {
  type Arguments,
  countedWeight,
  type FieldAbove,
  unindexedNestedWeight,
  unindexedWeight,
} from '../weight.ts'

/**
 * The filters that an index serves in each order. All others read until enough rows match. In the order of creation no
 * index knows the status.
 */
const indexed = {
  LAST_MESSAGE_AT: ['status', 'assignedToId', 'contactId', 'lastMessageAt'],
  CREATED_AT: ['createdAt', 'status'],
}

/** The weight of a list at the root. */
export function listWeight(args: Arguments): number {
  if (!isServed(args, indexed[orderOf(args)])) return unindexedWeight
  if (orderOf(args) === 'CREATED_AT') return takesAllStatuses(args) ? 1 : unindexedWeight
  const filters = filtersOf(args).filter(name => name !== 'lastMessageAt')
  if (filters.includes('contactId')) return filters.length > 1 ? unindexedNestedWeight : 1
  if (filters.includes('assignedToId')) return agentListWeight({ filter: withoutAgent(args) })
  return 1
}

const withoutAgent = ({ filter }: Arguments): Arguments => ({ ...(filter as Arguments), assignedToId: null })

/** The weight of a list under one contact: its index has the order of the last message, and it has few rows. */
export const contactListWeight = (args: Arguments): number =>
  orderOf(args) === 'LAST_MESSAGE_AT' && isServed(args, ['status', 'lastMessageAt'])
    ? 1
    : unindexedNestedWeight

/** The weight of a list under one agent. It may have many rows. Its index has those that are not archived. */
export const agentListWeight = (args: Arguments): number =>
  orderOf(args) === 'LAST_MESSAGE_AT' && isServed(args, ['status', 'lastMessageAt']) && isOfInbox(args)
    ? 1
    : unindexedNestedWeight

/** The weight of counting what matches. Only the counts of a workspace by status are kept. */
export function countWeight({ args, isAtRoot }: FieldAbove): number {
  if (!isAtRoot) return unindexedNestedWeight
  return filtersOf(args).every(name => name === 'status') ? countedWeight : unindexedWeight / 2
}

const orderOf = ({ orderBy }: Arguments): keyof typeof indexed =>
  (orderBy as { field?: unknown } | null | undefined)?.field === 'CREATED_AT'
    ? 'CREATED_AT'
    : 'LAST_MESSAGE_AT'

function isServed(args: Arguments, served: readonly string[]): boolean {
  const filter = (args.filter ?? {}) as Arguments
  // With several values the rows of each are merged and sorted. Only two choices of statuses have an index of their own.
  const isOneOf = (name: string) => {
    const values = filter[name]
    if (!Array.isArray(values) || values.length <= 1) return true
    return name === 'status' && (new Set(values).size === 3 || !values.includes('ARCHIVED'))
  }
  return filtersOf(args).every(name => served.includes(name) && isOneOf(name))
}

/** Whether a list is of the conversations that are not archived. It is unless it names other statuses. */
function isOfInbox({ filter }: Arguments): boolean {
  const { status } = (filter ?? {}) as Arguments
  return (
    status == null || (Array.isArray(status) && new Set(status).size === 2 && !status.includes('ARCHIVED'))
  )
}

function takesAllStatuses({ filter }: Arguments): boolean {
  const { status } = (filter ?? {}) as Arguments
  return Array.isArray(status) && new Set(status).size === 3
}

/** The names of the filters that are set. */
const filtersOf = ({ filter }: Arguments): string[] =>
  Object.entries((filter ?? {}) as Arguments).flatMap(([name, value]) => (value == null ? [] : [name]))
