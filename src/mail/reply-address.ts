import { isId } from '../domain/id.ts'

/** The address that leads an answer back to its conversation: its id behind a plus. Ids are in lower case, as some mail systems make local parts. */
export function replyAddress(conversationId: string, domain: string): string {
  return `reply+${conversationId}@${domain}`
}

/** The conversations that these addresses lead to, each once, in the order of the addresses. */
export function conversationsOf(addresses: readonly string[], domain: string | null): string[] {
  const ids = addresses.map(address => {
    const [local = '', at = ''] = address.split('@')
    return at.toLowerCase() === domain?.toLowerCase() ? (local.split('+')[1] ?? '') : ''
  })
  return [...new Set(ids.filter(id => isId('conversation', id)))]
}
