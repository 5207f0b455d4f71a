import type { Budgets } from '../../domain/budgets.ts'
import { maxTextCharacters } from '../../domain/limits.ts'
import type { Operation } from '../../domain/operation.ts'
import { type InboundOptions, type ReceivedMail, receiveMail } from './receive-mail.ts'

export type TakeInOptions = InboundOptions & {
  budgets: Pick<Budgets, 'changes' | 'text'>
  operationOf(caller: MailCaller): Operation
}

/** Who hands in a mail. */
export type MailCaller = Pick<Operation, 'actor' | 'trace'>

/** Takes a mail in for a caller, out of the budgets of its workspace. @throws Refusal, as `receiveMail`; RATE_LIMITED */
export type TakeIn = (caller: MailCaller, raw: Buffer, idempotencyKey: string | null) => Promise<ReceivedMail>

/** A mail is paid for with its text, and with all of it if it is kept. What is not kept after all is given back. */
export const createTakeIn =
  ({ budgets, operationOf, ...options }: TakeInOptions): TakeIn =>
  async (caller, raw, key) => {
    const { workspaceId } = caller.actor
    const text = Math.min(raw.length, maxTextCharacters)
    const paid = options.keepsRaw ? raw.length : text
    await budgets.changes.spend(workspaceId, 1)
    await budgets.text.spend(workspaceId, paid)
    let isKept = false
    try {
      const received = await receiveMail(operationOf(caller), raw, options, key)
      isKept = !received.replayed && !received.bounced
      return received
    } finally {
      if (!isKept) budgets.text.giveBack(workspaceId, paid - text)
    }
  }
