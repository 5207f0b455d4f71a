// setConversationStatus by hand: the transaction of the gateway, with named statements and no layer above `pg`.
import { createHash } from 'node:crypto'
import { type Body, listenBare } from './listen.ts'
import { pool } from './statements.ts'

type Locked = {
  status: string
  isUnread: boolean
  assignedToId: string | null
  contactId: string
  at: Date
}

const lock = `
  with locked as (
    select status, is_unread as "isUnread", assigned_to_id as "assignedToId", contact_id as "contactId",
      updated_at as "updatedAt"
    from conversation where workspace_id = $1 and id = $2 for update
  )
  select *, greatest(clock_timestamp(), "updatedAt" + interval '1 ms')::timestamptz(3) as at from locked`

const update = 'update conversation set status = $3, updated_at = $4 where workspace_id = $1 and id = $2'

const record = `
  with counter as (
    update workspace set event_seq = event_seq + 1, revision = revision + 1, open_count = open_count + $2,
      closed_count = closed_count + $3, archived_count = archived_count + $4, unread_count = unread_count + $5,
      unassigned_count = unassigned_count + $6
    where id = $1 returning event_seq
  ), written as (
    insert into event (workspace_id, seq, type, conversation_id, contact_id, actor_id, data, created_at)
    select $1, event_seq, 'CONVERSATION_STATUS_CHANGED', $7, $8, $9, $10, $11 from counter
  )
  select event_seq::int as seq from counter`

const toCursor = (workspaceId: string, seq: number) => {
  const bits = createHash('sha256').update(workspaceId).digest().readUIntBE(0, 5)
  return bits.toString(32).padStart(8, '0') + seq.toString(32).padStart(11, '0')
}

const is = (status: string, wanted: string) => Number(status === wanted)

/** By how much the kept counts change: open, closed, archived, unread, unassigned. */
function countChanges({ status: before, isUnread, assignedToId }: Locked, after: string): number[] {
  const change = (status: string) => is(after, status) - is(before, status)
  const open = change('OPEN')
  return [open, change('CLOSED'), change('ARCHIVED'), isUnread ? open : 0, assignedToId === null ? open : 0]
}

async function setStatus(
  workspaceId: string,
  conversationId: string,
  status: string,
): Promise<number | null> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query<Locked>({
      name: 'lock',
      text: lock,
      values: [workspaceId, conversationId],
    })
    const before = rows[0]
    if (!before) throw new Error(`There is no conversation ${conversationId}.`)
    if (before.status === status) {
      await client.query('commit')
      return null
    }
    const { at, contactId } = before
    await client.query({ name: 'update', text: update, values: [workspaceId, conversationId, status, at] })
    const data = { status, previousStatus: before.status }
    const facts = [conversationId, contactId, 'key_bench', JSON.stringify(data), at]
    const values = [workspaceId, ...countChanges(before, status), ...facts]
    const counted = await client.query<{ seq: number }>({ name: 'record', text: record, values })
    await client.query('commit')
    return counted.rows[0]?.seq ?? null
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

type Input = { conversationId: string; status: string }

listenBare(async (workspaceId, { variables }: Body) => {
  const { conversationId, status } = variables.input as Input
  const seq = await setStatus(workspaceId, conversationId, status)
  const conversation = { id: conversationId, status }
  const cursor = seq === null ? null : toCursor(workspaceId, seq)
  return JSON.stringify({ data: { setConversationStatus: { conversation, cursor, userErrors: [] } } })
})
