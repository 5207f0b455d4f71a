import { expect, test } from 'vitest'
import type { ConversationOrder } from '../../src/domain/conversation/branches.ts'
import { type ConversationFilter, partsOf } from '../../src/domain/conversation/filter.ts'
import { keptSizeOf } from '../../src/domain/conversation/kept-plan.ts'
import { inboxOnly } from '../support/plans.ts'

const agents = { assignedToId: ['agt_a'] }
const today = { from: new Date('2025-01-01T00:00:00Z'), before: null }

function keptSize(
  filter: Partial<ConversationFilter>,
  { by = 'lastMessageAt', limit = 21 }: { by?: ConversationOrder['by']; limit?: number } = {},
): number | null {
  const whole = { ...inboxOnly, ...filter }
  const parts = partsOf(whole)
  if (!parts) throw new Error('The filter matches nothing.')
  return keptSizeOf(parts, { filter: whole, order: { by, descending: true }, parent: null }, limit)
}

test.for<[string, Partial<ConversationFilter>]>([
  ['nothing', {}],
  ['a status', { status: ['OPEN'] }],
  ['the unread ones', { isUnread: true }],
  ['an agent', agents],
  ['two channels and a status', { channelId: ['chn_a', 'chn_b'], status: ['OPEN'] }],
  ['the unassigned ones', { isAssigned: false }],
  ['a contact', { contactId: ['ctc_a'] }],
  ['the time that it is in the order of', { lastMessageAt: today, status: ['OPEN'] }],
])('a list by %s keeps its plan', ([, filter]) => {
  expect(keptSize(filter)).toBe(21)
})

test.for<[string, Partial<ConversationFilter>]>([
  ['the assigned ones', { isAssigned: true }],
  ['the unread ones of an agent', { ...agents, isUnread: true }],
  ['an agent and a source', { ...agents, source: ['API'] }],
  ['the unassigned ones of a channel', { channelId: ['chn_a'], isAssigned: false }],
  ['another time', { createdAt: today }],
  ['more agents than lists are merged', { assignedToId: Array.from({ length: 20 }, (_, i) => `agt_${i}`) }],
])('a list by %s is planned for its values', ([, filter]) => {
  expect(keptSize(filter)).toBeNull()
})

test('a list by creation keeps its plan only for statuses, as its index has nothing else', () => {
  const by = 'createdAt'
  expect(keptSize({}, { by })).toBe(21)
  expect(keptSize({ status: ['OPEN'], createdAt: today }, { by })).toBe(21)
  expect(keptSize({ lastMessageAt: today }, { by })).toBeNull()
  for (const filter of [{ isUnread: true }, agents, { isAssigned: false }, { source: ['API' as const] }])
    expect(keptSize(filter, { by })).toBeNull()
})

test('a statement counts on few sizes, which are never less than the page', () => {
  const sizes = [1, 2, 11, 12, 21, 22, 26, 27, 51, 52, 101, 102].map(limit => keptSize({}, { limit }))
  expect(sizes).toEqual([11, 11, 11, 21, 21, 26, 26, 51, 51, 101, 101, null])
})
