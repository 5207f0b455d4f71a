import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Tables, Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'

/** A message that only this process may try to deliver until its lease ends, with everything its mail contains. */
export type Claimed = {
  workspaceId: string
  id: string
  conversationId: string
  leaseToken: string
  /** QUEUED, or UNCONFIRMED when the answer to an earlier attempt was lost. */
  status: Status
  /** The number of delivery attempts, including the one that is about to begin. */
  attempts: number
  mailId: string
  text: string
  createdAt: Date
  /** The conversation's subject, else the preview of its first message. */
  subject: string
  /** Whether the conversation has an earlier message. */
  isReply: boolean
  /** The Message-IDs of the conversation's earlier mails, oldest first. Only the newest 20. */
  references: string[]
  /**
   * The Message-ID of the newest earlier inbound mail, else of the newest outbound one; null: there is no earlier mail.
   */
  inReplyTo: string | null
  toAddress: string
  toName: string | null
  /** The address of the conversation's channel, else of the workspace's oldest EMAIL channel; null: none has one. */
  fromAddress: string | null
  fromName: string | null
  /** Signs the address for reports about the workspace's mail. */
  mailSecret: Uint8Array
}

type Status = Tables['message']['status']

/** How long nobody else tries a claimed message, even if the process that claimed it has ended. */
const leaseSeconds = 30
const lease = sql.raw(`interval '${leaseSeconds} seconds'`)

/** Its time has come. */
export const isDue = sql`next_attempt_at <= statement_timestamp()`
/** No process has leased it. */
export const isFree = sql`(leased_until is null or leased_until < statement_timestamp())`

/** Messages of one workspace. */
export type Claim = {
  workspaceId: string
  ids: readonly string[]
  mailDomain: string
  /** Whether it is their first attempt, which does not wait for its due time. */
  isFirst: boolean
}

type Leasing = Omit<Claim, 'isFirst'> & { leaseToken: string }

/**
 * Those that another process is about to lease are skipped. The messages are joined by their whole primary key: for a
 * list of ids, PostgreSQL reads a whole other index as long as it has not analyzed a new table.
 */
const leased = reusable(
  (
    _: Writer,
    { workspaceId, ids, mailDomain, leaseToken }: Leasing,
    { isFirst }: { isFirst: boolean },
  ) => sql`
    update message set lease_token = ${leaseToken}::uuid, leased_until = statement_timestamp() + ${lease},
      attempts = attempts + 1, mail_id = coalesce(mail_id, '<' || id || '@' || ${mailDomain}::text || '>')
    where workspace_id = ${workspaceId} and id in (
      select m.id from unnest(${ids}::text[]) as given(id)
      join message m on m.workspace_id = ${workspaceId} and m.id = given.id
      where ${isFree} and ${isFirst ? sql`next_attempt_at is not null and attempts = 0` : isDue}
      for update of m skip locked
    )`,
  'ahead',
)

/** Each row is looked up by its primary key; with a limit a join is made in no other way. */
const read = reusable(
  (_: Writer, { workspaceId, ids, leaseToken }: Omit<Leasing, 'mailDomain'>) => sql<Claimed>`
    select m.workspace_id as "workspaceId", m.id, m.conversation_id as "conversationId", m.lease_token as "leaseToken",
      m.status, m.attempts, m.mail_id as "mailId", m.text, m.created_at as "createdAt",
      coalesce(c.subject, first.preview) as subject, first.id <> m.id as "isReply",
      coalesce(thread.ids, '{}') as "references", coalesce(thread.inbound, thread.ids[cardinality(thread.ids)]) as "inReplyTo",
      contact.email as "toAddress", contact.name as "toName", channel.address as "fromAddress", channel.name as "fromName",
      w.mail_secret as "mailSecret"
    from unnest(${ids}::text[]) as given(id)
    cross join lateral (
      select * from message where workspace_id = ${workspaceId} and id = given.id and lease_token = ${leaseToken}::uuid limit 1
    ) m
    cross join lateral (select mail_secret from workspace where id = ${workspaceId} limit 1) w
    cross join lateral (
      select subject, contact_id, channel_id from conversation
      where workspace_id = ${workspaceId} and id = m.conversation_id limit 1
    ) c
    cross join lateral (
      select email, name from contact where workspace_id = ${workspaceId} and id = c.contact_id limit 1
    ) contact
    cross join lateral (
      select id, preview from message
      where workspace_id = ${workspaceId} and conversation_id = m.conversation_id
      order by created_at, id limit 1
    ) first
    cross join lateral (
      select array_agg(mail_id order by created_at, id) as ids,
        (array_agg(mail_id order by created_at desc, id desc) filter (where direction = 'INBOUND'))[1] as inbound
      from (
        select mail_id, direction, created_at, id from message
        where workspace_id = ${workspaceId} and conversation_id = m.conversation_id
          and mail_id is not null and (created_at, id) < (m.created_at, m.id)
        order by created_at desc, id desc limit 20
      ) mails
    ) thread
    left join lateral (
      select name, address from channel
      where workspace_id = ${workspaceId} and address is not null and (id = c.channel_id or source = 'EMAIL')
      order by id is distinct from c.channel_id, created_at, id limit 1
    ) channel on true
    order by m.next_attempt_at`,
  'last',
)

/**
 * Takes those of the messages that are due and have no lease, and leases them for 30 seconds, as the last thing of its
 * transaction. The Message-ID is set here, before the first attempt, and never changes.
 */
export async function claim(writer: Writer, { isFirst, ...claim }: Claim): Promise<Claimed[]> {
  const { workspaceId, ids } = claim
  const leaseToken = randomUUID()
  await leased(writer, { ...claim, leaseToken }, { isFirst })
  return read(writer, { workspaceId, ids, leaseToken })
}

/** Renews a lease for 30 seconds. Returns false if the lease is lost or the delivery has ended. */
export async function renewLease(writer: Writer, { workspaceId, id, leaseToken }: Claimed): Promise<boolean> {
  const renewed = await writer
    .updateTable('message')
    .set({ leased_until: sql`statement_timestamp() + ${lease}` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .returning('id')
    .executeTakeFirst()
  return renewed !== undefined
}

/** Ends a lease. The next attempt is due in `seconds`. Nothing that the graph shows changes. */
export async function postpone(
  writer: Writer,
  { workspaceId, id, leaseToken }: Claimed,
  seconds: number,
): Promise<void> {
  await writer
    .updateTable('message')
    .set({
      next_attempt_at: sql`statement_timestamp() + make_interval(secs => ${seconds})`,
      leased_until: null,
      lease_token: null,
    })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .execute()
}
