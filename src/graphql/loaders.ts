import DataLoader from 'dataloader'
import type { Reader } from '../db/db.ts'
import { agentsByIds } from '../domain/agent/rows.ts'
import { channelsByIds } from '../domain/channel/rows.ts'
import { contactsByIds } from '../domain/contact/rows.ts'
import {
  type ConversationFilter,
  conversationPages,
  countConversationsOf,
  type Parent,
} from '../domain/conversation/list.ts'
import { conversationsByIds } from '../domain/conversation/rows.ts'
import { eventPages, eventsBySeq } from '../domain/event.ts'
import { isId, type Noun } from '../domain/id.ts'
import { keysByIds } from '../domain/key/rows.ts'
import { messagePages, messagesByIds } from '../domain/message/rows.ts'
import { workspacesByIds } from '../domain/workspace/rows.ts'

export type Loaders = ReturnType<typeof createLoaders>

const maxBatchSize = 500

/**
 * Gathers what the resolvers of one request ask for one by one into one statement per kind. All of them look into one
 * workspace, so another workspace's id loads as null, like one that does not exist or is no id at all.
 */
export function createLoaders(reader: Reader, workspaceId: string) {
  const ofWorkspace =
    <Row>(rows: (reader: Reader, workspaceId: string, ids: readonly string[]) => Promise<Row[]>) =>
    (ids: readonly string[]) =>
      rows(reader, workspaceId, ids)
  return {
    workspace: byId('workspace', ofWorkspace(workspacesByIds)),
    agent: byId('agent', ofWorkspace(agentsByIds)),
    channel: byId('channel', ofWorkspace(channelsByIds)),
    contact: byId('contact', ofWorkspace(contactsByIds)),
    conversation: byId('conversation', ofWorkspace(conversationsByIds)),
    message: byId('message', ofWorkspace(messagesByIds)),
    apiKey: byId('apiKey', ofWorkspace(keysByIds)),
    event: new DataLoader(
      async (seqs: readonly number[]) => {
        const events = new Map(
          (await eventsBySeq(reader, workspaceId, seqs)).map(event => [event.seq, event]),
        )
        return seqs.map(seq => events.get(seq) ?? null)
      },
      { maxBatchSize },
    ),
    events: perArguments((args: Parameters<typeof eventPages>[3]) => async (ids: readonly string[]) => {
      const rows = Map.groupBy(await eventPages(reader, workspaceId, ids, args), row => row.conversationId)
      return ids.map(id => rows.get(id) ?? [])
    }),
    messages: perArguments((args: Parameters<typeof messagePages>[3]) => async (ids: readonly string[]) => {
      const rows = Map.groupBy(await messagePages(reader, workspaceId, ids, args), row => row.conversationId)
      return ids.map(id => rows.get(id) ?? [])
    }),
    conversations: perArguments(
      (args: Parameters<typeof conversationPages>[3]) => async (ids: readonly string[]) => {
        const parentOf = args.parent === 'contact_id' ? ('contactId' as const) : ('assignedToId' as const)
        const rows = Map.groupBy(
          await conversationPages(reader, workspaceId, ids, args),
          row => row[parentOf],
        )
        return ids.map(id => rows.get(id) ?? [])
      },
    ),
    conversationTotal: perArguments(
      (args: { parent: Parent; filter: ConversationFilter }) => async (ids: readonly string[]) => {
        const totals = await countConversationsOf(reader, workspaceId, ids, args)
        return ids.map(id => totals.get(id) ?? 0)
      },
    ),
  }
}

/** One row by its id, or null; what is no id of that noun never reaches the database. */
function byId<Row extends { id: string }>(noun: Noun, rows: (ids: readonly string[]) => Promise<Row[]>) {
  return new DataLoader<string, Row | null>(
    async ids => {
      const possible = ids.filter(id => isId(noun, id))
      const found = new Map(possible.length ? (await rows(possible)).map(row => [row.id, row]) : [])
      return ids.map(id => found.get(id) ?? null)
    },
    { maxBatchSize },
  )
}

/** One loader per set of arguments, so that parents that ask the same share a statement. */
function perArguments<Args, Value>(batch: (args: Args) => (ids: readonly string[]) => Promise<Value[]>) {
  const loaders = new Map<string, DataLoader<string, Value>>()
  return (args: Args): DataLoader<string, Value> => {
    const key = JSON.stringify(args)
    const loader = loaders.get(key) ?? new DataLoader(batch(args), { maxBatchSize })
    loaders.set(key, loader)
    return loader
  }
}
