import { explain } from '../domain/errors.ts'
import type { Authenticate } from './slow-failures.ts'

/** Calls back for each caller whose credential is not valid. */
export function countRefusals(authenticate: Authenticate, onRefused: () => void): Authenticate {
  return async (header, address) => {
    try {
      return await authenticate(header, address)
    } catch (error) {
      if (explain(error)?.code === 'UNAUTHENTICATED') onRefused()
      throw error
    }
  }
}
