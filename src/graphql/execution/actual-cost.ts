import type { Limits } from '../../domain/limits.ts'
import type { Arguments } from '../schema/weight.ts'
import { type Binding, fieldCost, type Parent, parentOf, root, weightOf } from './cost.ts'
import type { CostPlan, PlannedField } from './cost-plan.ts'

/** The cost of an operation by what its answer holds. */
export function actualCostOf(
  { maxPageSize }: Pick<Limits, 'maxPageSize'>,
  { fields, defaults }: CostPlan,
  variables: Arguments | null | undefined,
  data: unknown,
): number {
  const binding = { variables: { ...defaults, ...variables }, maxPageSize }
  return fields.reduce((sum, field) => sum + actualFieldCost(field, binding, root, data), 0)
}

function actualFieldCost(planned: PlannedField, binding: Binding, parent: Parent, data: unknown): number {
  // It costs by what is selected, however often that occurs in the schema.
  if (planned.isIntrospected) return fieldCost(planned, binding, parent).cost
  const here = parentOf(planned, binding, parent)
  const value = (data as Arguments | null | undefined)?.[planned.key]
  const items = (Array.isArray(value) ? value : [value]).filter(item => item != null)
  const below = items.flatMap(item =>
    planned.children.map(child => actualFieldCost(child, binding, here, item)),
  )
  return below.reduce((sum, each) => sum + each, items.length * weightOf(planned, here, parent))
}
