import { commitMutation, type Environment, type MutationConfig, type MutationParameters } from 'relay-runtime'
import { RequestError } from '../graph/request.ts'

type UserError = { readonly code: string; readonly message: string }

/**
 * Commits a mutation. Rejects with a RequestError if it was refused, also by a `userErrors` of its payload; what was
 * shown before the answer is then taken back.
 */
export function commit<Mutation extends MutationParameters>(
  environment: Environment,
  config: Omit<MutationConfig<Mutation>, 'onCompleted' | 'onError'>,
): Promise<Mutation['response']> {
  return new Promise((resolve, reject) => {
    commitMutation<Mutation>(environment, {
      ...config,
      onError: reject,
      onCompleted(response) {
        const [payload] = Object.values(response as Record<string, { userErrors?: readonly UserError[] }>)
        const [error] = payload?.userErrors ?? []
        if (error) reject(new RequestError(error.code, error.message))
        else resolve(response)
      },
    })
  })
}

/** A key that makes a retry safe. `crypto.randomUUID` exists only where the page has TLS or is on this machine. */
export const newIdempotencyKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')
