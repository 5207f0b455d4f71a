import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Tables, Writer } from '../../db/db.ts'

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

/** Which messages to claim. */
export type Claim = { mailDomain: string } & (
  | { only: { workspaceId: string; id: string } }
  | {
      only?: undefined
      limit: number
      /** How many attempts each workspace has running here; left out: none. */
      running: ReadonlyMap<string, number>
      /** The most attempts that one workspace may have running. */
      maxOfOne: number
    }
)

/**
 * Takes messages that have no lease, and leases them for 30 seconds: either the given message, if it was not tried
 * before, or up to `limit` due messages. Workspaces take turns, and the oldest of each comes first. The Message-ID is set
 * here, before the first attempt, and never changes.
 */
export async function claimDue(writer: Writer, claim: Claim): Promise<Claimed[]> {
  const { mailDomain, only } = claim
  // A request waits only for the first attempt. Later attempts have their own due time.
  const chosen = only
    ? sql`select ${only.workspaceId}::text as workspace_id, ${only.id}::text as id, 1 as turn`
    : dueInTurn(claim)
  const isDue = only
    ? sql`m.next_attempt_at is not null and m.attempts = 0`
    : sql`m.next_attempt_at <= clock_timestamp()`
  const { rows } = await sql<Claimed>`
    with recursive chosen as (${chosen}), claimed as (
      update message set lease_token = ${randomUUID()}, leased_until = clock_timestamp() + ${lease}, attempts = attempts + 1,
        mail_id = coalesce(mail_id, '<' || id || '@' || ${mailDomain}::text || '>')
      where (workspace_id, id) in (
        select m.workspace_id, m.id from chosen join message m using (workspace_id, id)
        where ${isDue} and ${isFree} for update of m skip locked
      )
      returning *
    )
    select m.workspace_id as "workspaceId", m.id, m.conversation_id as "conversationId", m.lease_token as "leaseToken",
      m.status, m.attempts, m.mail_id as "mailId", m.text, m.created_at as "createdAt",
      coalesce(c.subject, first.preview) as subject, first.id <> m.id as "isReply",
      coalesce(thread.ids, '{}') as "references", coalesce(thread.inbound, thread.ids[cardinality(thread.ids)]) as "inReplyTo",
      contact.email as "toAddress", contact.name as "toName", channel.address as "fromAddress", channel.name as "fromName",
      w.mail_secret as "mailSecret"
    from claimed m
    join workspace w on w.id = m.workspace_id
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

/** No process has leased the message `m`. */
const isFree = sql`(m.leased_until is null or m.leased_until < clock_timestamp())`

/**
 * The due messages that come next. One index probe finds each workspace with a queue. Of each the oldest are read, at
 * most as many as it may still have running. Those with the fewest attempts before them come first.
 */
const dueInTurn = ({ limit, running, maxOfOne }: Extract<Claim, { limit: number }>) => sql`
  with recursive queue as (
    (select workspace_id from message where next_attempt_at is not null order by workspace_id limit 1)
    union all
    select (
      select m.workspace_id from message m
      where m.next_attempt_at is not null and m.workspace_id > queue.workspace_id order by m.workspace_id limit 1
    ) from queue where queue.workspace_id is not null
  ), busy(workspace_id, attempts) as (
    select * from unnest(${[...running.keys()]}::text[], ${[...running.values()]}::int[])
  )
  select queue.workspace_id, due.id, due.turn + coalesce(busy.attempts, 0) as turn
  from queue left join busy using (workspace_id)
  cross join lateral (
    select m.id, m.next_attempt_at, row_number() over (order by m.next_attempt_at) as turn from message m
    where m.workspace_id = queue.workspace_id and m.next_attempt_at <= clock_timestamp() and ${isFree}
    order by m.next_attempt_at limit least(${limit}::int, greatest(${maxOfOne}::int - coalesce(busy.attempts, 0), 0))
  ) due
  order by turn, due.next_attempt_at limit ${limit}`

/** Renews a lease for 30 seconds. Returns false if the lease is lost or the delivery has ended. */
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

/** Ends a lease. The next attempt is due in `seconds`. Nothing that the graph shows changes. */
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
