import { isId } from '../domain/id.ts'

/**
 * The address that leads a reply to its conversation: the conversation's id after a plus. Ids are in lower case,
 * because some mail systems change local parts to lower case.
 */
export function replyAddress(conversationId: string, domain: string): string {
  return `reply+${conversationId}@${domain}`
}

/** The conversation ids in these addresses, each once, in the order of the addresses. */
export function conversationsOf(addresses: readonly string[], domain: string | null): string[] {
  const ids = addresses.map(address => {
    const [local = '', at = ''] = address.split('@')
    return at.toLowerCase() === domain?.toLowerCase() ? (local.split('+')[1] ?? '') : ''
  })
  return [...new Set(ids.filter(id => isId('conversation', id)))]
}
