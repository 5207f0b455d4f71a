import type { Tables, Writer } from '../../db/db.ts'
import { insertNote } from '../conversation/add-note.ts'
import { stateEvents } from '../conversation/changes.ts'
import { type Conversation, lockConversation, updateConversation } from '../conversation/rows.ts'
import type { NewEvent } from '../event.ts'
import { change, type Operation, type Record } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import type { Claimed } from './delivery.ts'

type Status = Tables['message']['status']

/**
 * What an attempt came to. `reason` in words fit to show; `again`: in so many seconds there is another attempt, null: it
 * was the last one.
 */
export type Outcome =
  | { status: 'SENT' }
  | { status: 'FAILED'; reason: string; again: null }
  | { status: 'UNCONFIRMED'; reason: string; again: number | null }

type ByGateway = Pick<Operation, 'db' | 'committed'>

/** A message and its conversation. */
export type Placed = { workspaceId: string; id: string; conversationId: string }

/** Writes what an attempt came to, with its event. Whoever lost the lease in the meantime changes nothing. */
export async function settle(operation: ByGateway, claimed: Claimed, outcome: Outcome): Promise<void> {
  await changeStatus(operation, claimed, outcome, message => message.leaseToken === claimed.leaseToken)
}

/** Fails a message that another mail server took and could not deliver; one that has failed already stays as it is. */
export async function bounce(operation: ByGateway, placed: Placed, reason: string): Promise<boolean> {
  const outcome: Outcome = { status: 'FAILED', reason, again: null }
  return changeStatus(operation, placed, outcome, ({ status }) => status !== 'FAILED')
}

/** Whoever changes a message's status locks its conversation first, so what is read under that lock stays true. */
async function changeStatus(
  operation: ByGateway,
  { workspaceId, id, conversationId }: Placed,
  outcome: Outcome,
  isDue: (message: { status: Status; leaseToken: string | null }) => boolean,
): Promise<boolean> {
  return change(operation, workspaceId, async (writer, record) => {
    const { conversation, at } = await lockConversation(writer, workspaceId, conversationId)
    const message = await writer
      .selectFrom('message')
      .select(['status', 'lease_token as leaseToken'])
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (!isDue(message)) return false
    await writeOutcome(writer, { workspaceId, id }, at, outcome)
    const previousMessageStatus = message.status
    const told: NewEvent[] =
      outcome.status === previousMessageStatus
        ? []
        : [
            {
              type: 'MESSAGE_STATUS_CHANGED',
              conversation,
              data: { messageId: id, previousMessageStatus, messageStatus: outcome.status },
            },
          ]
    await tell(writer, record, { workspaceId, conversation, at, outcome, told })
    return true
  })
}

async function writeOutcome(
  writer: Writer,
  { workspaceId, id }: { workspaceId: string; id: string },
  at: Date,
  outcome: Outcome,
): Promise<void> {
  const again = outcome.status === 'UNCONFIRMED' ? outcome.again : null
  await writer
    .updateTable('message')
    .set({
      status: outcome.status,
      ...(outcome.status === 'SENT' ? { sent_at: at } : {}),
      failure_reason: outcome.status === 'FAILED' ? outcome.reason : null,
      next_attempt_at: again === null ? null : new Date(at.getTime() + again * 1_000),
      leased_until: null,
      lease_token: null,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute()
}

/**
 * Records the events. When there will be no more attempts and it was not sent, a note says why, and the conversation
 * becomes OPEN and unread, so that somebody sees it.
 */
async function tell(
  writer: Writer,
  record: Record,
  {
    workspaceId,
    conversation: before,
    at,
    outcome,
    told,
  }: { workspaceId: string; conversation: Conversation; at: Date; outcome: Outcome; told: NewEvent[] },
): Promise<void> {
  const isLost = outcome.status !== 'SENT' && outcome.again === null
  const shown = isLost ? { status: 'OPEN' as const, is_unread: true } : {}
  const after = await updateConversation(writer, workspaceId, before.id, at, shown)
  if (isLost) {
    const note = await insertNote(writer, workspaceId, before.id, {
      at,
      text: noteOf(outcome),
      authorId: null,
    })
    told.push({ type: 'MESSAGE_ADDED', conversation: after, data: { messageId: note.id } })
  }
  const [first, ...others] = [...told, ...stateEvents(before, after)]
  const counts = countChange(before, after)
  if (first) await record({ actorId: null, at, events: [first, ...others], counts })
}

const noteOf = ({ status, reason }: Exclude<Outcome, { status: 'SENT' }>) =>
  status === 'FAILED'
    ? `A message could not be delivered. ${reason}`
    : `It is not certain that a message was delivered. ${reason}`
