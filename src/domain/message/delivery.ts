import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Tables, Writer } from '../../db/db.ts'

/** A message that this process may try to deliver until its lease ends, with all that its mail says. */
export type Claimed = {
  workspaceId: string
  id: string
  conversationId: string
  leaseToken: string
  /** QUEUED, or UNCONFIRMED when the answer to an attempt before was lost. */
  status: Status
  /** Of this delivery, counting the one that is about to be made. */
  attempts: number
  mailId: string
  text: string
  createdAt: Date
  /** The conversation's, else the preview of its first message. */
  subject: string
  /** Something was said in the conversation before. */
  isReply: boolean
  /** The Message-IDs of the mails before it in the conversation, oldest first, at most 20 of them. */
  references: string[]
  /** That of the newest mail that came in, else of the newest that went out; null: it is the first. */
  inReplyTo: string | null
  toAddress: string
  toName: string | null
  /** The conversation's channel, else the workspace's oldest for EMAIL; null: there is none with an address. */
  fromAddress: string | null
  fromName: string | null
}

type Status = Tables['message']['status']

/** So long nobody else tries a message, whatever becomes of the process that does. */
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
  }: { mailDomain: string; limit: number; only?: { workspaceId: string; id: string } | undefined },
): Promise<Claimed[]> {
  // Whoever waits for a message waits for its first attempt: a later one has its own time.
  const due = only
    ? sql`workspace_id = ${only.workspaceId} and id = ${only.id} and next_attempt_at is not null and attempts = 0`
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
      m.status, m.attempts, m.mail_id as "mailId", m.text, m.created_at as "createdAt",
      coalesce(c.subject, first.preview) as subject, first.id <> m.id as "isReply",
      coalesce(thread.ids, '{}') as "references", coalesce(thread.inbound, thread.ids[cardinality(thread.ids)]) as "inReplyTo",
      contact.email as "toAddress", contact.name as "toName", channel.address as "fromAddress", channel.name as "fromName"
    from claimed m
    join conversation c on c.workspace_id = m.workspace_id and c.id = m.conversation_id
    join contact on contact.workspace_id = m.workspace_id and contact.id = c.contact_id
    cross join lateral (
      select id, preview from message
      where workspace_id = m.workspace_id and conversation_id = m.conversation_id
      order by created_at, id limit 1
    ) first
    cross join lateral (
      select array_agg(mail_id order by created_at, id) as ids,
        (array_agg(mail_id order by created_at desc, id desc) filter (where direction = 'INBOUND'))[1] as inbound
      from (
        select mail_id, direction, created_at, id from message
        where workspace_id = m.workspace_id and conversation_id = m.conversation_id
          and mail_id is not null and (created_at, id) < (m.created_at, m.id)
        order by created_at desc, id desc limit 20
      ) mails
    ) thread
    left join lateral (
      select name, address from channel
      where workspace_id = m.workspace_id and address is not null and (id = c.channel_id or source = 'EMAIL')
      order by id is distinct from c.channel_id, created_at, id limit 1
    ) channel on true
    order by m.next_attempt_at`.execute(writer)
  return rows
}

/** Keeps a message ours for another 30 seconds. Answers false when somebody else has it, or it is done. */
export async function renewLease(writer: Writer, { workspaceId, id, leaseToken }: Claimed): Promise<boolean> {
  const renewed = await writer
    .updateTable('message')
    .set({ leased_until: sql`clock_timestamp() + ${lease}` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .returning('id')
    .executeTakeFirst()
  return renewed !== undefined
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
