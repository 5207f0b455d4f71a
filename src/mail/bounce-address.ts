import { createHmac, timingSafeEqual } from 'node:crypto'
import { isId } from '../domain/id.ts'

/** What the address of a message's reports is made from. */
type Sent = { workspaceId: string; messageId: string; secret: Uint8Array }

/**
 * The address that a message is sent from, so that reports about it come back there. It ends with a proof that only the
 * gateway can make: a sender that reports to it has seen the mail as it was handed over. It has at most 64 characters
 * before the "@" (RFC 5321, 4.5.3.1.1).
 */
export function bounceAddress(sent: Sent, domain: string): string {
  return `bounce+${sent.messageId}+${proofOf(sent)}@${domain}`
}

/** What an address for reports says: a message, and a proof that may be wrong. */
export type BounceAddress = { messageId: string; proof: string }

/** The first of these addresses that has the form of a message's address for reports; null: none has. */
export function bounceAddressIn(addresses: readonly string[], domain: string | null): BounceAddress | null {
  for (const address of addresses) {
    const [local = '', at = ''] = address.split('@')
    const [, messageId = '', proof = ''] = /^bounce\+(\w+)\+(\w+)$/i.exec(local) ?? []
    if (at.toLowerCase() === domain?.toLowerCase() && isId('message', messageId)) return { messageId, proof }
  }
  return null
}

/** Whether the proof is that of the message. The comparison takes the same time for each wrong proof. */
export function isProven(
  { messageId, proof }: BounceAddress,
  workspaceId: string,
  secret: Uint8Array,
): boolean {
  const [given, right] = [
    Buffer.from(proof.toLowerCase()),
    Buffer.from(proofOf({ workspaceId, messageId, secret })),
  ]
  return given.length === right.length && timingSafeEqual(given, right)
}

const proofBytes = 15
const proofCharacters = 24

/** 120 bits in lower-case base32 (RFC 4648, 7), because some mail systems change local parts to lower case. */
function proofOf({ workspaceId, messageId, secret }: Sent): string {
  const mac = createHmac('sha256', secret).update(`${workspaceId} ${messageId}`).digest('hex')
  return BigInt(`0x${mac.slice(0, 2 * proofBytes)}`)
    .toString(32)
    .padStart(proofCharacters, '0')
}
