import { BREAK, type DocumentNode, type GraphQLField, visit } from 'graphql'
import type { CostPlan, PlannedField } from './cost-plan.ts'

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

/** Whether more than the id is selected of the object that a field returns, anywhere in an operation. */
export function readsBeyondId(
  field: GraphQLField<unknown, unknown> | undefined,
  { fields }: Pick<CostPlan, 'fields'>,
): boolean {
  return fields.some(
    ({ field: own, children }) =>
      (own === field && children.some(isBeyondId)) || readsBeyondId(field, { fields: children }),
  )
}

/** Types of which an object may be a message. */
const messageTypes = ['Message', 'Node']

/**
 * Whether an operation selects the text of messages, and of each one that it may read. Otherwise texts that nobody wants
 * would be read along.
 */
export function readsEveryText(plan: Pick<CostPlan, 'fields'>): boolean {
  const selections = messageSelections(plan)
  return selections.length > 0 && selections.every(isText => isText)
}

/** Whether the text is selected, for each field that returns messages. */
function messageSelections({ fields }: Pick<CostPlan, 'fields'>): boolean[] {
  return fields.flatMap(({ typeName, children }) => {
    const below = messageSelections({ fields: children })
    // A page of which no message is selected is read all the same.
    if (typeName === 'MessageConnection' && below.length === 0) return [false]
    return messageTypes.includes(typeName)
      ? [children.some(child => child.field.name === 'text'), ...below]
      : below
  })
}

/** Whether an operation selects a field that needs columns which are not read otherwise. */
export function needsWholeRows({ fields }: Pick<CostPlan, 'fields'>): boolean {
  return fields.some(
    ({ field, children }) => field.extensions.needsWholeRow === true || needsWholeRows({ fields: children }),
  )
}

const isBeyondId = ({ field }: PlannedField) => !['id', '__typename'].includes(field.name)

/** Whether a mutation selects more of what it has written than ids, the cursor and errors. */
export function readsMoreThanIds({ fields }: Pick<CostPlan, 'fields'>): boolean {
  const objects = fields.flatMap(({ children }) => children.filter(({ isLeaf }) => !isLeaf))
  return objects.some(object => {
    if (object.field.name === 'userErrors') return false
    // The results of a change of many are payloads of their own.
    return object.typeName.endsWith('Result')
      ? readsMoreThanIds({ fields: [object] })
      : object.children.some(isBeyondId)
  })
}
