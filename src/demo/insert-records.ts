import type { Insertable } from 'kysely'
import type { Tables, Writer } from '../db/db.ts'
import type { EventType } from '../domain/event/types.ts'
import { preview } from '../domain/message/preview.ts'
import { completeContacts, completeConversations } from '../domain/search/complete.ts'
import { countChange, sumOf } from '../domain/workspace/counts.ts'

type Row<Table extends keyof Tables> = Omit<Insertable<Tables[Table]>, 'workspace_id'>

/** A demo conversation: its current state, and its messages and notes, oldest first. */
export type Story = {
  conversation: Pick<
    Row<'conversation'>,
    'id' | 'contact_id' | 'channel_id' | 'assigned_to_id' | 'status' | 'source' | 'subject' | 'is_unread'
  >
  messages: {
    id: string
    direction: 'INBOUND' | 'OUTBOUND' | 'NOTE'
    text: string
    author_id: string
    at: Date
  }[]
}

/** The records of a demo. */
export type DemoRecords = {
  agents: Row<'agent'>[]
  channels: Row<'channel'>[]
  contacts: Row<'contact'>[]
  stories: Story[]
}

const everything = { after: '', size: 100_000 }

const delivered = { INBOUND: 'RECEIVED', OUTBOUND: 'SENT', NOTE: 'STORED' } as const

/**
 * Writes records into an empty workspace, with their event log and counts. Events are numbered from 1, in the order of
 * their times.
 */
export async function insertRecords(
  writer: Writer,
  workspaceId: string,
  ...records: DemoRecords[]
): Promise<void> {
  for (const { agents, channels, contacts } of records) {
    await insertRows(writer, 'agent', workspaceId, agents)
    await insertRows(writer, 'channel', workspaceId, channels)
    await insertRows(writer, 'contact', workspaceId, contacts)
  }
  const stories = records.flatMap(record => record.stories)
  await insertRows(writer, 'conversation', workspaceId, stories.map(conversationRow))
  await insertRows(writer, 'message', workspaceId, stories.flatMap(messageRows))
  await completeContacts(writer, workspaceId, everything)
  await completeConversations(writer, workspaceId, everything)
  const events = stories.flatMap(history).sort((a, b) => a.created_at.getTime() - b.created_at.getTime())
  await insertRows(
    writer,
    'event',
    workspaceId,
    events.map((event, index) => ({ ...event, seq: index + 1 })),
  )
  await writeCounts(writer, workspaceId, stories, events.length)
}

async function insertRows<Table extends keyof Tables>(
  writer: Writer,
  table: Table,
  workspaceId: string,
  rows: Row<Table>[],
) {
  // PostgreSQL takes at most 65,535 parameters per statement.
  for (let from = 0; from < rows.length; from += 1_000) {
    const some = rows.slice(from, from + 1_000).map(row => ({ workspace_id: workspaceId, ...row }))
    await writer
      .insertInto(table as keyof Tables)
      .values(some)
      .execute()
  }
}

function conversationRow({ conversation, messages }: Story): Row<'conversation'> {
  const exchanged = messages.filter(message => message.direction !== 'NOTE')
  const [first, last] = [exchanged[0], exchanged.at(-1)]
  if (!first || !last) throw new Error(`${conversation.id} has no messages.`)
  return {
    ...conversation,
    created_at: first.at,
    last_message_at: last.at,
    last_message_preview: preview(last.text),
    updated_at: new Date(lastTimeOf(messages).getTime() + 2),
  }
}

function messageRows({ conversation, messages }: Story): Row<'message'>[] {
  return messages.map(({ at, ...message }) => ({
    ...message,
    conversation_id: conversation.id,
    status: delivered[message.direction],
    preview: preview(message.text),
    created_at: at,
    sent_at: message.direction === 'OUTBOUND' ? at : null,
  }))
}

/** The events of a story: it is created OPEN, its messages are added, then its assignee and its status are set. */
function history({ conversation, messages }: Story): (Omit<Row<'event'>, 'seq'> & { created_at: Date })[] {
  const event = (fact: { type: EventType; data: object }, actor_id: string, created_at: Date) => ({
    type: fact.type,
    data: JSON.stringify(fact.data),
    conversation_id: conversation.id,
    contact_id: conversation.contact_id,
    actor_id,
    created_at,
  })
  const told = messages.flatMap(({ id, author_id, at }, index) => [
    ...(index === 0 ? [event({ type: 'CONVERSATION_CREATED', data: {} }, author_id, at)] : []),
    event({ type: 'MESSAGE_ADDED', data: { messageId: id } }, author_id, at),
  ])
  const end = lastTimeOf(messages).getTime()
  const { status, assigned_to_id: agent } = conversation
  if (agent) {
    const data = { previousAssignedToId: null, assignedToId: agent }
    told.push(event({ type: 'CONVERSATION_ASSIGNED', data }, agent, new Date(end + 1)))
  }
  const closer = agent ?? messages[0]?.author_id ?? ''
  if (status !== 'OPEN') {
    const data = { previousStatus: 'OPEN', status }
    told.push(event({ type: 'CONVERSATION_STATUS_CHANGED', data }, closer, new Date(end + 2)))
  }
  return told
}

const lastTimeOf = (messages: Story['messages']) => messages.at(-1)?.at ?? new Date()

async function writeCounts(
  writer: Writer,
  workspaceId: string,
  stories: Story[],
  events: number,
): Promise<void> {
  const { workspace: counts, agents } = sumOf(
    stories.map(({ conversation: { status, is_unread: isUnread, assigned_to_id } }) =>
      countChange(null, { status, isUnread, assignedToId: assigned_to_id ?? null }),
    ),
  )
  const ofAgents = [...agents].map(([id, { open, closed, archived, unread }]) => ({
    agent_id: id,
    open_count: open,
    closed_count: closed,
    archived_count: archived,
    unread_count: unread,
  }))
  await insertRows(writer, 'agent_counts', workspaceId, ofAgents)
  await writer
    .updateTable('workspace')
    .set({
      event_seq: events,
      revision: 1,
      open_count: counts.open,
      closed_count: counts.closed,
      archived_count: counts.archived,
      unread_count: counts.unread,
      unassigned_count: counts.unassigned,
    })
    .where('id', '=', workspaceId)
    .execute()
}
