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

/** Whether a field is selected anywhere in an operation. */
export const selectsField = (
  field: GraphQLField<unknown, unknown> | undefined,
  { fields }: Pick<CostPlan, 'fields'>,
): boolean =>
  fields.some(({ field: own, children }) => own === field || selectsField(field, { fields: children }))

/**
 * Whether an operation selects the text of messages, and of each one that it may read. Otherwise texts that nobody wants
 * would be read along.
 */
export function readsEveryText(plan: Pick<CostPlan, 'fields'>): boolean {
  const messages = objectsOf('Message', plan)
  return (
    messages.length > 0 && messages.every(each => each?.children.some(({ field }) => field.name === 'text'))
  )
}

/** Whether an operation asks if there are more messages than a page holds. */
export const readsMessageBeyond = ({ fields }: Pick<CostPlan, 'fields'>): boolean =>
  fields.some(
    ({ typeName, children }) =>
      (typeName === 'MessageConnection' && children.some(tellsOfMore)) ||
      readsMessageBeyond({ fields: children }),
  )

const tellsOfMore = ({ typeName, children }: PlannedField) =>
  typeName === 'PageInfo' && children.some(({ field }) => /^has/.test(field.name))

/**
 * The field with the messages of conversations, if each conversation that an operation reads selects it and none other;
 * null: there is no such field. A list of conversations with the texts of their messages has none, as all texts of a
 * statement are read together.
 */
export function messagesOfEach(
  messages: GraphQLField<unknown, unknown> | undefined,
  plan: Pick<CostPlan, 'fields'>,
): PlannedField | null {
  const [only, ...others] = objectsOf('Conversation', plan)
  if (only?.typeName !== 'Conversation' || others.length > 0) return null
  if (readsEveryText(plan) && !plan.fields.includes(only)) return null
  const selected = only.children.filter(({ field }) => field === messages)
  return selected.length === 1 ? (selected[0] ?? null) : null
}

/** The fields that return objects of a type; null: a page of which no object is selected, which is read all the same. */
function objectsOf(typeName: string, { fields }: Pick<CostPlan, 'fields'>): (PlannedField | null)[] {
  return fields.flatMap(field => {
    const below = objectsOf(typeName, { fields: field.children })
    if (field.typeName === `${typeName}Connection` && below.length === 0) return [null]
    // A node may be an object of any type.
    return [typeName, 'Node'].includes(field.typeName) ? [field, ...below] : below
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
