import { BREAK, type DocumentNode, visit } from 'graphql'
import type { CostPlan } from './cost-plan.ts'

/** Whether a field of this name is selected anywhere in a document, in its fragments too. */
export function selects(fieldName: string, document: DocumentNode): boolean {
  let found = false
  visit(document, {
    Field(node) {
      if (node.name.value !== fieldName) return
      found = true
      return BREAK
    },
  })
  return found
}

/** Whether a field is selected of a type, anywhere in an operation. */
export function selectsOf(
  typeName: string,
  fieldName: string,
  { fields }: Pick<CostPlan, 'fields'>,
): boolean {
  return fields.some(
    ({ typeName: own, children }) =>
      (own === typeName && children.some(({ field }) => field.name === fieldName)) ||
      selectsOf(typeName, fieldName, { fields: children }),
  )
}

/** Whether a mutation selects more of what it has written than ids, the cursor and errors. */
export function readsMoreThanIds({ fields }: CostPlan): boolean {
  const objects = fields.flatMap(({ children }) => children.filter(({ isLeaf }) => !isLeaf))
  return objects.some(
    ({ field, children }) =>
      field.name !== 'userErrors' &&
      children.some(selected => !['id', '__typename'].includes(selected.field.name)),
  )
}
