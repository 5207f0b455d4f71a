import { explain } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import type { Budget } from '../runtime/budget.ts'

/** Finds the actor of a credential that came from this address. @throws Refusal UNAUTHENTICATED, RATE_LIMITED */
export type Authenticate = (header: unknown, address: string) => Promise<Actor>

/**
 * Slows down an address that sends many wrong credentials: it is told to come again later. A valid credential is always
 * accepted, because many callers may share an address.
 */
export const slowFailures =
  (authenticate: (header: unknown) => Promise<Actor>, failures: Budget): Authenticate =>
  async (header, address) => {
    try {
      return await authenticate(header)
    } catch (error) {
      if (explain(error)?.code === 'UNAUTHENTICATED') await failures.spend(address, 1)
      throw error
    }
  }
