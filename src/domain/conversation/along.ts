import { type SelectQueryBuilder, sql } from 'kysely'
import type { Tables } from '../../db/db.ts'
import type { BriefAgent } from '../agent/rows.ts'
import type { BriefContact } from '../contact/rows.ts'
import { type MessagesAlong, type MessagesColumn, messagesColumn } from '../message/pages.ts'

/**
 * Which rows a statement about conversations reads along with them, so that they need no statement of their own.
 * `messages`: the same page of each conversation; null: none. `wholeRows`: with the columns that few operations select.
 */
export type Along = { contact: boolean; agent: boolean; messages: MessagesAlong | null; wholeRows: boolean }

export const nothingAlong: Along = { contact: false, agent: false, messages: null, wholeRows: false }

/** The columns of the contact and of the agent, under names of their own, and the messages, if they were asked for. */
export type AlongColumns = MessagesColumn & {
  contactEmail?: string | null
  contactName?: string | null
  contactAvatarUrl?: string | null
  contactCreatedAt?: Date | null
  agentEmail?: string | null
  agentName?: string | null
  agentAvatarUrl?: string | null
  agentDeactivatedAt?: Date | null
}

const contactColumns = [
  'email as contactEmail',
  'name as contactName',
  'avatar_url as contactAvatarUrl',
] as const

const agentColumns = ['name as agentName', 'avatar_url as agentAvatarUrl'] as const

const otherAgentColumns = ['email as agentEmail', 'deactivated_at as agentDeactivatedAt'] as const

/**
 * Reads rows of the workspace along. Their columns come from a subquery, so those of a conversation keep their bare names.
 * With a limit each is read by its id: a plan that is kept for workspaces of all sizes read all contacts of a large one.
 */
export function readAlong<Row>(
  query: SelectQueryBuilder<Tables, 'conversation', Row>,
  workspaceId: string,
  { contact, agent, messages, wholeRows }: Along,
): SelectQueryBuilder<Tables, 'conversation', Row> {
  const withContact = contact
    ? query
        .leftJoinLateral(
          eb =>
            eb
              .selectFrom('contact')
              .select(contactColumns)
              .$if(wholeRows, query => query.select('created_at as contactCreatedAt'))
              .where('contact.workspace_id', '=', workspaceId)
              .whereRef('contact.id', '=', 'conversation.contact_id')
              .limit(sql.lit(1))
              .as('of_contact'),
          join => join.onTrue(),
        )
        .selectAll('of_contact')
    : query
  const withBoth = agent
    ? (withContact as typeof query)
        .leftJoinLateral(
          eb =>
            eb
              .selectFrom('agent')
              .select(agentColumns)
              .$if(wholeRows, query => query.select(otherAgentColumns))
              .where('agent.workspace_id', '=', workspaceId)
              .whereRef('agent.id', '=', 'conversation.assigned_to_id')
              .limit(sql.lit(1))
              .as('of_agent'),
          join => join.onTrue(),
        )
        .selectAll('of_agent')
    : withContact
  const withAll = messages
    ? (withBoth as typeof query).select(eb => messagesColumn(eb, workspaceId, messages))
    : withBoth
  return withAll as typeof query
}

/** The contact that was read along; null: none was. */
export function contactAlong(row: AlongColumns & { contactId: string }): BriefContact | null {
  const { contactEmail: email, contactName, contactAvatarUrl, contactCreatedAt } = row
  if (email == null) return null
  return {
    id: row.contactId,
    email,
    name: contactName ?? null,
    avatarUrl: contactAvatarUrl ?? null,
    createdAt: contactCreatedAt ?? undefined,
  }
}

/** The agent that was read along; null: none was, or the conversation is not assigned. */
export function agentAlong(row: AlongColumns & { assignedToId: string | null }): BriefAgent | null {
  const { assignedToId: id, agentName: name } = row
  if (id === null || name == null) return null
  return {
    id,
    name,
    avatarUrl: row.agentAvatarUrl ?? null,
    email: row.agentEmail ?? undefined,
    deactivatedAt: row.agentDeactivatedAt,
  }
}
