import { type Actor, requireScope } from '../../domain/operation.ts'
import type { PreparedOperation } from './prepare.ts'

/**
 * Checks that an actor may execute an operation. A mutation needs the scope `write`; to see more of its result than ids
 * and the cursor it needs `read` too. Everything else needs `read`.
 * @throws Refusal FORBIDDEN
 */
export function authorize(actor: Actor, { kind, readsResult }: PreparedOperation): void {
  requireScope(actor, kind === 'mutation' ? 'write' : 'read')
  if (readsResult) requireScope(actor, 'read')
}
