import type { Tables, Writer } from '../../db/db.ts'
import { type Conversation, lockConversation, updateConversation } from '../conversation/rows.ts'
import { stateEvents } from '../conversation/state-events.ts'
import type { Facts } from '../event/record.ts'
import type { NewEvent } from '../event/types.ts'
import type { MessagePlace } from '../message/by-mail-id.ts'
import { insertNote } from '../message/insert.ts'
import { change, type GatewayOperation } from '../operation.ts'
import { countChange } from '../workspace/counts.ts'
import type { Claimed } from './claim.ts'

type Status = Tables['message']['status']

/** The outcome of a delivery attempt. `retryAfterSeconds` null: there is no further attempt. */
export type Outcome =
  | { status: 'SENT' }
  | { status: 'FAILED'; reason: string; retryAfterSeconds: null }
  | { status: 'UNCONFIRMED'; reason: string; retryAfterSeconds: number | null }

/** Writes the outcome of an attempt, with its event. An attempt that has lost its lease changes nothing. */
export async function settle(operation: GatewayOperation, claimed: Claimed, outcome: Outcome): Promise<void> {
  await changeStatus(operation, claimed, outcome, message => message.leaseToken === claimed.leaseToken)
}

/**
 * Fails a message that was accepted by a mail server and has bounced. Returns false, and changes nothing, if the
 * message has failed already.
 */
export async function bounce(
  operation: GatewayOperation,
  place: MessagePlace,
  reason: string,
): Promise<boolean> {
  const outcome: Outcome = { status: 'FAILED', reason, retryAfterSeconds: null }
  return changeStatus(operation, place, outcome, ({ status }) => status !== 'FAILED')
}

/** Every change of a message's status locks its conversation first, so what is read under that lock stays true. */
async function changeStatus(
  operation: GatewayOperation,
  place: MessagePlace,
  outcome: Outcome,
  isDue: (message: { status: Status; leaseToken: string | null }) => boolean,
): Promise<boolean> {
  const { workspaceId, id, conversationId } = place
  const { isChanged } = await change(operation, workspaceId, async writer => {
    const { conversation, at } = await lockConversation(writer, workspaceId, conversationId)
    const message = await writer
      .selectFrom('message')
      .select(['status', 'lease_token as leaseToken'])
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (!isDue(message)) return { result: { isChanged: false }, facts: null }
    await writeOutcome(writer, place, at, outcome)
    const facts = await factsOf(writer, place, { before: conversation, at, from: message.status, outcome })
    return { result: { isChanged: true }, facts }
  })
  return isChanged
}

async function writeOutcome(
  writer: Writer,
  { workspaceId, id }: MessagePlace,
  at: Date,
  outcome: Outcome,
): Promise<void> {
  const retryAfterSeconds = outcome.status === 'UNCONFIRMED' ? outcome.retryAfterSeconds : null
  await writer
    .updateTable('message')
    .set({
      status: outcome.status,
      ...(outcome.status === 'SENT' ? { sent_at: at } : {}),
      failure_reason: outcome.status === 'FAILED' ? outcome.reason : null,
      next_attempt_at: retryAfterSeconds === null ? null : new Date(at.getTime() + retryAfterSeconds * 1_000),
      leased_until: null,
      lease_token: null,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute()
}

/**
 * The facts of a new status. If the message was not sent and there is no further attempt, a note gives the reason, and
 * the conversation becomes OPEN and unread, so that an agent sees it.
 */
async function factsOf(
  writer: Writer,
  { workspaceId, id }: MessagePlace,
  { before, at, from, outcome }: { before: Conversation; at: Date; from: Status; outcome: Outcome },
): Promise<Facts | null> {
  const isLost = outcome.status !== 'SENT' && outcome.retryAfterSeconds === null
  const update = isLost ? { status: 'OPEN' as const, isUnread: true } : {}
  const after = await updateConversation(writer, workspaceId, before, at, update)
  const data = { messageId: id, previousMessageStatus: from, messageStatus: outcome.status }
  const events: NewEvent[] =
    outcome.status === from ? [] : [{ type: 'MESSAGE_STATUS_CHANGED', conversation: before, data }]
  if (isLost) {
    const text = noteOf(outcome)
    const note = { conversationId: before.id, text, authorId: null, createdAt: at }
    const { id: messageId } = await insertNote(writer, workspaceId, note)
    events.push({ type: 'MESSAGE_ADDED', conversation: after, data: { messageId } })
  }
  const [first, ...others] = [...events, ...stateEvents(before, after)]
  const counts = countChange(before, after)
  return first ? { actorId: null, at, events: [first, ...others], counts } : null
}

const noteOf = ({ status, reason }: Exclude<Outcome, { status: 'SENT' }>) =>
  status === 'FAILED'
    ? `A message could not be delivered. ${reason}`
    : `It is not certain that a message was delivered. ${reason}`
