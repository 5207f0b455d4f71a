import { explain } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import type { Budget } from '../runtime/budget.ts'
import { createQuota } from '../runtime/quota.ts'

/** Finds the actor of a credential that came from this address. @throws Refusal UNAUTHENTICATED, RATE_LIMITED */
export type Authenticate = (header: unknown, address: string) => Promise<Actor>

/** Further ones of an address wait in order, so that those of other addresses find a connection. */
const maxLookUpsPerAddress = 50

/**
 * Slows down an address that sends many wrong credentials: it is told to come again later. A valid credential is always
 * accepted, because many callers may share an address.
 */
export function slowFailures(
  authenticate: (header: unknown) => Promise<Actor>,
  failures: Budget,
): Authenticate {
  const lookUps = createQuota(maxLookUpsPerAddress)
  return async (header, address) => {
    const release = await lookUps.takeWhenPossible(address, 1, undefined)
    try {
      return await authenticate(header)
    } catch (error) {
      if (explain(error)?.code === 'UNAUTHENTICATED') await failures.spend(address, 1)
      throw error
    } finally {
      release()
    }
  }
}
