import { type Budget, createBudget } from '../runtime/budget.ts'
import { refusalWith } from './errors.ts'
import type { Limits } from './limits.ts'

/** What callers may spend. A budget that is spent refuses with RATE_LIMITED and says when to come again. */
export type Budgets = {
  /** The cost of operations, per API key. */
  cost: Budget
  /** The characters of documents that are new to this process, per API key. */
  documents: Budget
  /** The cost of live events, per API key. It spends when it can: an event comes later, but is never refused. */
  events: Budget
  /** The bytes of new message texts, per workspace. */
  text: Budget
  /** Changes, mails that are handed in among them, per workspace. */
  changes: Budget
  /** Wrong credentials, per address. */
  failures: Budget
}

export const costWindowSeconds = 60

export function createBudgets(limits: Limits): Budgets {
  const budget = (limit: number, windowSeconds: number, words: string) =>
    createBudget({
      limit,
      windowSeconds,
      refuse: retryAfter =>
        refusalWith({ retryAfter }, 'RATE_LIMITED', `${words} Try again in ${retryAfter} seconds.`),
    })
  const { maxCostPerMinute, maxDocumentCharactersPerMinute, maxFailedAuthenticationsPerMinute } = limits
  const { maxTextBytesPerHour, maxChangesPerHour } = limits
  return {
    cost: budget(
      maxCostPerMinute,
      costWindowSeconds,
      `This key may spend a cost of ${maxCostPerMinute} a minute.`,
    ),
    documents: budget(
      maxDocumentCharactersPerMinute,
      60,
      `This key may send new documents of ${maxDocumentCharactersPerMinute} characters a minute. Give values as variables.`,
    ),
    events: budget(maxCostPerMinute, costWindowSeconds, 'This key has too many events.'),
    text: budget(
      maxTextBytesPerHour,
      3_600,
      `This workspace may add ${maxTextBytesPerHour} bytes of text an hour.`,
    ),
    changes: budget(
      maxChangesPerHour,
      3_600,
      `This workspace may make ${maxChangesPerHour} changes an hour.`,
    ),
    failures: budget(
      maxFailedAuthenticationsPerMinute,
      60,
      'Too many wrong credentials came from this address.',
    ),
  }
}
