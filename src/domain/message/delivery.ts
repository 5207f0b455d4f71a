import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Writer } from '../../db/db.ts'
import { lockConversation, updateConversation } from '../conversation/rows.ts'
import { change, type Operation } from '../operation.ts'

/** A message that this process may try to deliver until its lease ends, with all that its mail says. */
export type Claimed = {
  workspaceId: string
  id: string
  conversationId: string
  leaseToken: string
  /** Of this delivery, counting the one that is about to be made. */
  attempts: number
  mailId: string
  text: string
  preview: string
  createdAt: Date
  subject: string | null
  toAddress: string
  toName: string | null
  /** The channel it leaves by; null: the conversation has none. */
  fromAddress: string | null
  fromName: string | null
}

const lease = sql.raw(`interval '30 seconds'`)

/**
 * Takes messages that nobody else holds and makes them ours for 30 seconds: the named one, due or not yet, or up to
 * `limit` of any workspace that are due, oldest first. The Message-ID is fixed here, before the first attempt, and never changes.
 */
export async function claimDue(
  writer: Writer,
  {
    mailDomain,
    limit,
    only,
  }: { mailDomain: string; limit: number; only?: { workspaceId: string; id: string } },
): Promise<Claimed[]> {
  const due = only
    ? sql`workspace_id = ${only.workspaceId} and id = ${only.id} and next_attempt_at is not null`
    : sql`next_attempt_at <= clock_timestamp()`
  const { rows } = await sql<Claimed>`
    with claimed as (
      update message set lease_token = ${randomUUID()}, leased_until = clock_timestamp() + ${lease}, attempts = attempts + 1,
        mail_id = coalesce(mail_id, '<' || id || '@' || ${mailDomain}::text || '>')
      where (workspace_id, id) in (
        select workspace_id, id from message
        where ${due} and (leased_until is null or leased_until < clock_timestamp())
        order by next_attempt_at limit ${limit} for update skip locked
      )
      returning *
    )
    select m.workspace_id as "workspaceId", m.id, m.conversation_id as "conversationId", m.lease_token as "leaseToken",
      m.attempts, m.mail_id as "mailId", m.text, m.preview, m.created_at as "createdAt", c.subject,
      contact.email as "toAddress", contact.name as "toName", channel.address as "fromAddress", channel.name as "fromName"
    from claimed m
    join conversation c on c.workspace_id = m.workspace_id and c.id = m.conversation_id
    join contact on contact.workspace_id = m.workspace_id and contact.id = c.contact_id
    left join channel on channel.workspace_id = m.workspace_id and channel.id = c.channel_id
    order by m.next_attempt_at`.execute(writer)
  return rows
}

/** What became of an attempt for good; `reason` in words fit to show. */
export type Outcome = { status: 'SENT' } | { status: 'FAILED'; reason: string }

/** Writes the outcome with its event. Whoever lost the lease in the meantime changes nothing. */
export async function settle(
  operation: Pick<Operation, 'db' | 'committed'>,
  { workspaceId, id, conversationId, leaseToken }: Claimed,
  outcome: Outcome,
): Promise<{ cursor: string | null }> {
  return change(operation, workspaceId, async (writer, record) => {
    const { conversation, at } = await lockConversation(writer, workspaceId, conversationId)
    const settled = await writer
      .updateTable('message')
      .set({
        status: outcome.status,
        sent_at: outcome.status === 'SENT' ? at : null,
        failure_reason: outcome.status === 'FAILED' ? outcome.reason : null,
        next_attempt_at: null,
        leased_until: null,
        lease_token: null,
      })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .where('lease_token', '=', leaseToken)
      .returning('id')
      .executeTakeFirst()
    if (!settled) return { cursor: null }
    await updateConversation(writer, workspaceId, conversationId, at, {})
    const data = { messageId: id, previousMessageStatus: 'QUEUED', messageStatus: outcome.status } as const
    const cursor = await record({
      actorId: null,
      at,
      events: [{ type: 'MESSAGE_STATUS_CHANGED', conversation, data }],
    })
    return { cursor }
  })
}

/** Gives a message back to be tried again after so many seconds; nothing that the graph shows changes. */
export async function postpone(
  writer: Writer,
  { workspaceId, id, leaseToken }: Claimed,
  seconds: number,
): Promise<void> {
  await writer
    .updateTable('message')
    .set({
      next_attempt_at: sql`clock_timestamp() + make_interval(secs => ${seconds})`,
      leased_until: null,
      lease_token: null,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .execute()
}
