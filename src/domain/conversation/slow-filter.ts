import { TimedOut } from '../../db/unavailable.ts'
import { refusal } from '../errors.ts'
import type { ConversationFilter } from './filter.ts'

const narrowing = ['assignedToId', 'channelId', 'contactId', 'source', 'status'] as const

/**
 * Reads a list. Few filters have no index of their own, and match so little that reading takes longer than a statement
 * may.
 * @throws Refusal LIMIT_EXCEEDED
 */
export async function inTime<Row>(filter: ConversationFilter, read: () => Promise<Row>): Promise<Row> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof TimedOut)) throw error
    const missing = narrowing.filter(name => filter[name] === null)
    const added = missing.length > 0 ? `Add ${missing.join(' or ')}, or` : 'Add'
    throw refusal(
      'LIMIT_EXCEEDED',
      `This filter takes too long. ${added} a narrower range of the time that the list is sorted by.`,
      'filter',
    )
  }
}
