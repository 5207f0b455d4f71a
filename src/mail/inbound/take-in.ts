import type { Budgets } from '../../domain/budgets.ts'
import { maxTextCharacters } from '../../domain/limits.ts'
import type { Actor, Operation } from '../../domain/operation.ts'
import { type InboundOptions, type ReceivedMail, receiveMail } from './receive-mail.ts'

export type TakeInOptions = InboundOptions & {
  budgets: Pick<Budgets, 'changes' | 'text'>
  operationOf(actor: Actor): Operation
}

/** Takes a mail in for an actor, out of the budgets of its workspace. @throws Refusal, as `receiveMail`; RATE_LIMITED */
export type TakeIn = (actor: Actor, raw: Buffer, idempotencyKey: string | null) => Promise<ReceivedMail>

/** What is kept of a mail is paid for: all of it, or no more than the text of a message. */
export const createTakeIn =
  ({ budgets, operationOf, ...options }: TakeInOptions): TakeIn =>
  async (actor, raw, key) => {
    const bytes = options.keepsRaw ? raw.length : Math.min(raw.length, maxTextCharacters)
    await budgets.changes.spend(actor.workspaceId, 1)
    await budgets.text.spend(actor.workspaceId, bytes)
    return receiveMail(operationOf(actor), raw, options, key)
  }
