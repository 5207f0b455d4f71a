import { z } from 'zod'
import { lockAgent, requireActive } from '../agent/lock.ts'
import { refusal } from '../errors.ts'
import { isId } from '../id.ts'
import { clientKey } from '../idempotency/key.ts'
import { idempotencyKey, parse } from '../input.ts'
import { type Changed, change, type Operation, type Repeatable } from '../operation.ts'
import { statuses } from './filter.ts'
import { lockConversations, updateConversations as write } from './lock-many.ts'
import { type Conversation, type ConversationUpdate, conversationsByIds } from './rows.ts'
import { stateFacts } from './state-facts.ts'

/** How many conversations one change may name. */
export const maxConversationsAtOnce = 100

const Input = z.object({
  conversationIds: z
    .array(z.string())
    .min(1, 'must have at least one id.')
    .max(maxConversationsAtOnce, `must have at most ${maxConversationsAtOnce} ids.`)
    .refine(ids => new Set(ids).size === ids.length, 'must not have the same id twice.'),
  status: z.enum(statuses).nullish(),
  agentId: z.string().nullish(),
  isUnread: z.boolean().nullish(),
  idempotencyKey,
})

/** The conversations in the order asked, changed or not; null: there is none with this id. */
export type ManyResult = { ids: readonly string[]; conversations: readonly (Conversation | null)[] }

/**
 * Sets the status, the assignee and the read state of several conversations in one transaction; null or left out: it
 * stays as it is. An `agentId` of null unassigns. Each conversation that changes has its own events, in the order asked.
 * One that is not found keeps no other from changing.
 *
 * Conversations are locked in the order of their ids, so overlapping changes wait for each other and never in a circle.
 *
 * @throws Refusal INVALID_INPUT; NOT_FOUND for the agent; IDEMPOTENCY_MISMATCH
 */
export async function updateConversations(
  operation: Operation,
  input: z.input<typeof Input>,
): Promise<Changed<ManyResult>> {
  const { idempotencyKey: key, conversationIds: ids, ...given } = parse(Input, input)
  const wanted = wantedOf(given)
  const { workspaceId, id: actorId } = operation.actor
  return change(
    operation,
    workspaceId,
    async writer => {
      if (wanted.assignedToId != null)
        requireActive(await lockAgent(writer, workspaceId, wanted.assignedToId), 'agentId')
      const { conversations: found, at } = await lockConversations(writer, workspaceId, ids)
      const changing = [...found.values()].filter(each => isChange(each, wanted)).map(({ id }) => id)
      const changed = await write(writer, workspaceId, changing, at, wanted)
      const now = ids.map(id => changed.get(id) ?? found.get(id) ?? null)
      const before = ids.flatMap(id => found.get(id) ?? [])
      return { result: { ids, conversations: now }, facts: stateFacts({ actorId, at }, before, changed) }
    },
    repeatable(clientKey('updateConversations', key, { ids, ...given })),
  )
}

type Wanted = Pick<ConversationUpdate, 'status' | 'assignedToId' | 'isUnread'>

/** @throws Refusal INVALID_INPUT when nothing is to change */
function wantedOf({
  status,
  agentId,
  isUnread,
}: Pick<z.output<typeof Input>, 'status' | 'agentId' | 'isUnread'>): Wanted {
  if (status == null && agentId === undefined && isUnread == null)
    throw refusal('INVALID_INPUT', 'Give at least one of status, agentId and isUnread.')
  return {
    ...(status == null ? {} : { status }),
    ...(agentId === undefined ? {} : { assignedToId: agentId }),
    ...(isUnread == null ? {} : { isUnread }),
  }
}

const isChange = (before: Conversation, { status, assignedToId, isUnread }: Wanted): boolean =>
  (status !== undefined && status !== before.status) ||
  (assignedToId !== undefined && assignedToId !== before.assignedToId) ||
  (isUnread !== undefined && isUnread !== before.isUnread)

const repeatable = (key: ReturnType<typeof clientKey>): Repeatable<ManyResult> => ({
  keys: key ? [key] : [],
  // What cannot be an id is found as little next time.
  idsOf: ({ ids }) => ids.map(id => (isId('conversation', id) ? id : '')),
  async read(writer, workspaceId, ids) {
    const found = new Map(
      (
        await conversationsByIds(
          writer,
          workspaceId,
          ids.filter(id => id !== ''),
        )
      ).map(each => [each.id, each]),
    )
    return { ids, conversations: ids.map(id => found.get(id) ?? null) }
  },
})
