import { Busy } from '../../db/unavailable.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Budget } from '../../runtime/budget.ts'
import { createQuota, type Release } from '../../runtime/quota.ts'
import { tooMuchUnsent } from '../schema/answer-bytes.ts'
import { type Cost, costOf, requireCost } from './cost.ts'
import type { Execution } from './execution.ts'

export type AdmissionLimits = Pick<Limits, 'maxQueryCost' | 'maxAnswerBytes' | 'maxPageSize'>

/** An execution that may begin. `release` is called when it has ended. */
export type Admitted = { cost: Cost; release: Release }

const maxWaitMs = 10_000

/**
 * Admits executions by what they cost: within the limit of an operation, and within the budget of their key. What is
 * executed at once for one key costs no more than one operation may: one expensive operation, or many cheap ones. When its
 * rows are there, the most expensive one keeps the process busy for tens of milliseconds. Sixteen in a row would delay
 * everybody. A key's queue is first in, first out, so cheap operations cannot starve an expensive one. An operation that
 * never starts is not charged. An event has been paid for before, by a key that shares its answer.
 *
 * The function that it returns throws Refusal LIMIT_EXCEEDED or RATE_LIMITED, Busy if the key's other executions take
 * too long, or the signal's reason.
 */
export function createAdmission(
  limits: AdmissionLimits,
  budget: Budget,
): (execution: Execution) => Promise<Admitted> {
  const inWork = createQuota(limits.maxQueryCost)

  /** Thousands may subscribe at once with one key, after a disconnect. They wait apart from its queries, without end. */
  const open = ({ context: { actor, signal } }: Execution, cost: number): Promise<Release> =>
    inWork.takeWhenPossible(`subscribe ${actor.keyId}`, cost, signal)

  async function begin({ context: { actor, signal } }: Execution, cost: number): Promise<Release> {
    const release = inWork.isWaitedFor(actor.keyId) ? null : inWork.take(actor.keyId, cost)
    if (release) return release
    const timeout = AbortSignal.timeout(maxWaitMs)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    return inWork.takeWhenPossible(actor.keyId, cost, either).catch(error => {
      throw timeout.aborted ? new Busy() : error
    })
  }

  return async execution => {
    const { operation, variables, context, event } = execution
    const { actor, bytes, unsent } = context
    const cost = costOf(limits, operation.plan, variables)
    const points = event === undefined ? Math.max(1, cost.cost) : 0
    if (event === undefined) {
      requireCost(cost, limits)
      // Small answers are not counted while they are put together, but they wait for their clients like large ones.
      if (unsent.isFull(actor.keyId)) throw tooMuchUnsent(unsent.max)
      await budget.spend(actor.keyId, points)
    }
    const isOpening = operation.kind === 'subscription' && event === undefined
    let release = () => {}
    try {
      release = await (isOpening ? open : begin)(execution, cost.cost)
      bytes.take(cost.bytes)
      return { cost, release }
    } catch (error) {
      release()
      if (points > 0) budget.giveBack(actor.keyId, points)
      throw error
    }
  }
}
