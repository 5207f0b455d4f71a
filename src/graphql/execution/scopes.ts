import type { OperationTypeNode } from 'graphql'
import { type Actor, requireScope, type Scope } from '../../domain/operation.ts'
import type { CostPlan } from './cost-plan.ts'
import { readsMoreThanIds } from './selects.ts'

/**
 * The scopes that an operation needs. A mutation needs `write`, or `admin` if it administers; to see more of its result
 * than ids and the cursor it needs `read` too. Everything else needs `read`, and `admin` for what only those may see who
 * administer.
 */
export function scopesOf(kind: `${OperationTypeNode}`, { fields }: Pick<CostPlan, 'fields'>): Scope[] {
  const usual: Scope = kind === 'mutation' ? 'write' : 'read'
  const scopes = new Set<Scope>(fields.map(({ field }) => field.extensions.scope ?? usual))
  if (kind !== 'mutation' || readsMoreThanIds({ fields })) scopes.add('read')
  return [...scopes]
}

/** Checks that an actor may execute an operation. @throws Refusal FORBIDDEN */
export function authorize(actor: Actor, { scopes }: { scopes: readonly Scope[] }): void {
  for (const scope of scopes) requireScope(actor, scope)
}
