import type { Tables, Writer } from '../../db/db.ts'
import { insertNote } from '../conversation/add-note.ts'
import { stateEvents } from '../conversation/changes.ts'
import { lockConversation, updateConversation } from '../conversation/rows.ts'
import type { NewEvents } from '../event.ts'
import { change, type Operation } from '../operation.ts'
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

/** Writes what an attempt came to, with its event. Whoever lost the lease in the meantime changes nothing. */
export async function settle(operation: ByGateway, claimed: Claimed, outcome: Outcome): Promise<void> {
  const { leaseToken, status: previous } = claimed
  await changeStatus(operation, claimed, outcome, { lease_token: leaseToken, status: previous })
}

/** A message that went out, and has come back. */
export type Bounced = { workspaceId: string; id: string; conversationId: string; status: Status }

/**
 * Fails a message that another mail server took and could not deliver. One whose status has changed meanwhile, as by an
 * equal report, changes nothing. Answers whether it did.
 */
export async function bounce(operation: ByGateway, bounced: Bounced, reason: string): Promise<boolean> {
  const { status } = bounced
  return changeStatus(operation, bounced, { status: 'FAILED', reason, again: null }, { status })
}

/**
 * Changes a message's status while these of its columns are as expected. When there will be no more attempts and it was
 * not sent, a note says why, and the conversation becomes OPEN and unread, so that somebody sees it.
 */
async function changeStatus(
  operation: ByGateway,
  { workspaceId, id, conversationId, status: previous }: Bounced,
  outcome: Outcome,
  expected: { status: Status; lease_token?: string },
): Promise<boolean> {
  return change(operation, workspaceId, async (writer, record) => {
    const { conversation: before, at } = await lockConversation(writer, workspaceId, conversationId)
    if (!(await writeStatus(writer, { workspaceId, id, at, outcome, expected }))) return false
    const lost = outcome.status !== 'SENT' && outcome.again === null
    const after = await updateConversation(
      writer,
      workspaceId,
      conversationId,
      at,
      lost ? { status: 'OPEN', is_unread: true } : {},
    )
    const events: NewEvents[number][] = []
    if (outcome.status !== previous) {
      const data = { messageId: id, previousMessageStatus: previous, messageStatus: outcome.status }
      events.push({ type: 'MESSAGE_STATUS_CHANGED', conversation: after, data })
    }
    if (lost) {
      const text = noteOf(outcome)
      const note = await insertNote(writer, workspaceId, conversationId, { at, text, authorId: null })
      events.push({ type: 'MESSAGE_ADDED', conversation: after, data: { messageId: note.id } })
    }
    const [first, ...others] = [...events, ...stateEvents(before, after)]
    const counts = countChange(before, after)
    if (first) await record({ actorId: null, at, events: [first, ...others], counts })
    return true
  })
}

function noteOf({ status, reason }: Exclude<Outcome, { status: 'SENT' }>): string {
  return status === 'FAILED'
    ? `A message could not be delivered. ${reason}`
    : `It is not certain that a message was delivered. ${reason}`
}

async function writeStatus(
  writer: Writer,
  {
    workspaceId,
    id,
    at,
    outcome,
    expected,
  }: {
    workspaceId: string
    id: string
    at: Date
    outcome: Outcome
    expected: { status: Status; lease_token?: string }
  },
): Promise<boolean> {
  const again = outcome.status === 'UNCONFIRMED' ? outcome.again : null
  const { lease_token: token, status } = expected
  const written = await writer
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
    .where('status', '=', status)
    .$if(token !== undefined, query => query.where('lease_token', '=', token ?? ''))
    .returning('id')
    .executeTakeFirst()
  return written !== undefined
}
