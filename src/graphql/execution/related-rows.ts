import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Limits } from '../../domain/limits.ts'
import type { MessagesAlong } from '../../domain/message/pages.ts'
import { defaultNestedSize, extentOf } from '../schema/connection.ts'
import type { RelatedRows } from '../schema/loaders.ts'
import type { Arguments } from '../schema/weight.ts'
import { parentOf, root } from './cost.ts'
import type { CostPlan, PlannedField } from './cost-plan.ts'
import {
  messagesOfEach,
  needsWholeRows,
  readsBeyondId,
  readsEveryText,
  readsMessageBeyond,
  selectsField,
} from './selects.ts'

/** What an operation reads whatever its variables are. `messagesField`: what selects the messages that are read along. */
export type PlannedRows = { related: RelatedRows; messagesField: PlannedField | null }

/** What the document of an operation tells. Its variables are bound later. */
export function plannedRows(
  schema: GraphQLSchema,
  kind: 'query' | 'mutation' | 'subscription',
  plan: CostPlan,
): PlannedRows {
  const fieldsOf = (typeName: string) => {
    const type = schema.getType(typeName)
    return isObjectType(type) ? type.getFields() : {}
  }
  const { contact, assignedTo, channel, messages } = fieldsOf('Conversation')
  const { status, preview, text } = fieldsOf('Message')
  const wholeRows = needsWholeRows(plan)
  // Subscriptions share the rows of an event, also if each shows something else of them.
  const isShared = kind === 'subscription'
  const related = {
    along: {
      contact: readsBeyondId(contact, plan),
      agent: readsBeyondId(assignedTo, plan),
      messages: null,
      wholeRows,
    },
    channel: readsBeyondId(channel, plan),
    message: {
      status: isShared || selectsField(status, plan),
      preview: isShared || selectsField(preview, plan),
      textBytes: isShared || selectsField(text, plan),
      text: readsEveryText(plan),
      wholeRows,
    },
    messageBeyond: readsMessageBeyond(plan),
  }
  return { related, messagesField: kind === 'query' ? messagesOfEach(messages, plan) : null }
}

/** A statement has the size of the page in its text, so only common sizes are read along. */
const sizesAlong = [1, 2, 3, 5, 10, 20, 25, 50, 100]

/** What an operation reads with these variables. */
export function relatedRowsOf(
  { related, messagesField }: PlannedRows,
  { defaults }: CostPlan,
  variables: Arguments | null | undefined,
  { maxPageSize }: Pick<Limits, 'maxPageSize'>,
): RelatedRows {
  if (!messagesField) return related
  const binding = { variables: { ...defaults, ...variables }, maxPageSize }
  const messages = pageAlong(parentOf(messagesField, binding, root).args, related, maxPageSize)
  return { ...related, along: { ...related.along, messages } }
}

/** The first or last messages, if the arguments ask for no others; null: they have a statement of their own. */
function pageAlong(
  { first, last, after, before, direction }: Arguments,
  { message, messageBeyond }: RelatedRows,
  maxPageSize: number,
): MessagesAlong | null {
  if (after != null || before != null || direction != null || (first != null && last != null)) return null
  if (!isSizeOrNone(first) || !isSizeOrNone(last)) return null
  const { size, backward } = extentOf({ first, last }, defaultNestedSize, maxPageSize)
  // One that is too large is refused by its field.
  if (size > maxPageSize || !sizesAlong.includes(size)) return null
  return { backward, limit: messageBeyond ? size + 1 : size, columns: message }
}

const isSizeOrNone = (value: unknown): value is number | null | undefined =>
  value == null || typeof value === 'number'
