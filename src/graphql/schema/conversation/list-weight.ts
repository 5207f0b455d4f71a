import {
  type Arguments,
  countedWeight,
  type FieldAbove,
  searchWeight,
  unindexedCountWeight,
  unindexedNestedWeight,
  unindexedWeight,
} from '../weight.ts'

/** The filters by which an index finds rows in the order of the last message, one at a time beside the status. */
const keys = ['assignedToId', 'isAssigned', 'channelId', 'source', 'isUnread', 'contactId']

/** The time by which a list is sorted. An index also finds a range of it. */
const times = { LAST_MESSAGE_AT: 'lastMessageAt', CREATED_AT: 'createdAt' }

/** A list is merged of so many at most; see `maxBranches` of the domain. */
const maxMerged = 12

/** The weight of a list at the root. */
export function listWeight(args: Arguments): number {
  if (isSearched(args)) return searchWeight + listWeight(withoutSearch(args))
  const [key, ...others] = filtersOf(args).filter(name => name !== 'status' && name !== times[orderOf(args)])
  if (key === undefined) return 1
  if (key === 'contactId' || others.includes('contactId')) return contactWeight(args)
  const isServed = others.length === 0 && orderOf(args) === 'LAST_MESSAGE_AT' && isKey(args, key)
  return isServed ? 1 : unindexedWeight
}

/** A contact has few conversations, of which any may be read. */
const contactWeight = (args: Arguments): number =>
  orderOf(args) === 'LAST_MESSAGE_AT' &&
  isOnly(args, ['contactId', 'lastMessageAt']) &&
  isKey(args, 'contactId')
    ? 1
    : unindexedNestedWeight

/** The weight of a list under one contact or one agent. */
export function nestedListWeight(args: Arguments): number {
  if (isSearched(args)) return searchWeight + nestedListWeight(withoutSearch(args))
  return orderOf(args) === 'LAST_MESSAGE_AT' && isOnly(args, ['status', 'lastMessageAt'])
    ? 1
    : unindexedNestedWeight
}

/** The weight of counting what matches. The counts of a workspace and of each agent by status are kept. */
export function countWeight({ args, isAtRoot }: FieldAbove): number {
  if (isSearched(args)) return 0
  if (!isAtRoot) return isOnly(args, ['status']) ? countedWeight : unindexedNestedWeight
  return isOnly(args, ['status', 'assignedToId']) || listWeight(args) === 1
    ? countedWeight
    : unindexedCountWeight
}

const orderOf = ({ orderBy }: Arguments): keyof typeof times =>
  (orderBy as { field?: unknown } | null | undefined)?.field === 'CREATED_AT'
    ? 'CREATED_AT'
    : 'LAST_MESSAGE_AT'

const filterOf = ({ filter }: Arguments) => (filter ?? {}) as Arguments

/** The names of the filters that are set. */
const filtersOf = (args: Arguments): string[] =>
  Object.entries(filterOf(args)).flatMap(([name, value]) =>
    value == null || name === 'search' ? [] : [name],
  )

/** A blank text is no search; see `wordsToSearch` of the domain. */
function isSearched(args: Arguments): boolean {
  const { search } = filterOf(args)
  return typeof search === 'string' && search.trim() !== ''
}

const withoutSearch = (args: Arguments): Arguments => ({
  ...args,
  filter: { ...filterOf(args), search: null },
})

const isOnly = (args: Arguments, names: readonly string[]): boolean =>
  filtersOf(args).every(name => names.includes(name))

/** Whether an index finds the rows by this filter. Of all assigned conversations there is none. */
function isKey(args: Arguments, name: string): boolean {
  const { [name]: value, status } = filterOf(args)
  if (name === 'isAssigned') return value === false
  const merged = lengthOf(value) * (Array.isArray(status) ? new Set(status).size : 2)
  return keys.includes(name) && merged <= maxMerged
}

const lengthOf = (value: unknown): number => (Array.isArray(value) ? new Set(value).size : 1)
