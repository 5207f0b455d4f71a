import type { Db, Reader } from '../../db/db.ts'
import { countsOfAgents } from '../../domain/agent/counts.ts'
import { agentsByIds, type BriefAgent } from '../../domain/agent/rows.ts'
import { channelsByIds } from '../../domain/channel/rows.ts'
import { type BriefContact, contactsByIds } from '../../domain/contact/rows.ts'
import { type Along, agentAlong, contactAlong } from '../../domain/conversation/along.ts'
import type { Parent } from '../../domain/conversation/branches.ts'
import { noneCounted, type Total } from '../../domain/conversation/count.ts'
import type { ConversationFilter } from '../../domain/conversation/filter.ts'
import { conversationPages } from '../../domain/conversation/list.ts'
import { type ConversationAlong, conversationsByIds } from '../../domain/conversation/rows.ts'
import { totalOf, totalsOf } from '../../domain/conversation/total.ts'
import { eventPages, eventsBySeq } from '../../domain/event/rows.ts'
import { keysByIds } from '../../domain/key/rows.ts'
import type { MessageColumns } from '../../domain/message/columns.ts'
import { type MessagePage, messagePages } from '../../domain/message/pages.ts'
import { messagesAlong, textsByIds } from '../../domain/message/rows.ts'
import type { Noun } from '../../domain/nouns.ts'
import { workspacesByIds } from '../../domain/workspace/rows.ts'
import type { AnswerBytes } from './answer-bytes.ts'
import { byId, loaderOf, perArguments, type RowLoader, SharedLoader } from './row-loader.ts'

export type Loaders = ReturnType<typeof createLoaders>

/**
 * What an operation selects beside the rows themselves. `along`: what is read along with conversations, contacts and
 * agents if more than the id is selected, which the conversation knows. `channel`: the same of channels, which are read
 * by themselves. `message`: the columns of messages. `messageBeyond`: whether there are more messages than a page holds.
 */
export type RelatedRows = { along: Along; channel: boolean; message: MessageColumns; messageBeyond: boolean }

/** Rows by their ids. */
export type RowLoaders = ReturnType<typeof createRowLoaders>

/**
 * Batches the rows that are loaded by their ids, into one statement per noun. All loaders read one workspace, so another
 * workspace's id loads as null, like one that does not exist or is malformed.
 *
 * @param reading returns what to read with, before each statement
 */
export function createRowLoaders(
  reading: () => Reader,
  workspaceId: string,
  { along, message }: Pick<RelatedRows, 'along' | 'message'>,
) {
  const rowsOf =
    <Row>(rows: (reader: Reader, workspaceId: string, ids: readonly string[]) => Promise<Row[]>) =>
    async (ids: readonly string[]) =>
      rows(reading(), workspaceId, ids)

  /** Primes the loaders with what was read along with conversations. */
  function keepAlong(rows: ConversationAlong[]): ConversationAlong[] {
    for (const row of rows) {
      const [contact, agent] = [contactAlong(row), agentAlong(row)]
      if (contact) loadersOfNouns.contact.prime(contact.id, contact)
      if (agent) loadersOfNouns.agent.prime(agent.id, agent)
    }
    return rows
  }

  const loadersOfNouns = {
    workspace: byId('workspace', rowsOf(workspacesByIds)),
    agent: byId('agent', rowsOf<BriefAgent>(agentsByIds)),
    channel: byId('channel', rowsOf(channelsByIds)),
    contact: byId('contact', rowsOf<BriefContact>(contactsByIds)),
    conversation: byId('conversation', async ids =>
      keepAlong(await conversationsByIds(reading(), workspaceId, ids, along)),
    ),
    message: byId('message', async ids => messagesAlong(reading(), workspaceId, ids, message)),
    apiKey: byId('apiKey', rowsOf(keysByIds)),
    event: loaderOf(async (seqs: readonly number[]) => {
      const events = new Map(
        (await eventsBySeq(reading(), workspaceId, seqs)).map(event => [event.seq, event]),
      )
      return seqs.map(seq => events.get(seq) ?? null)
    }),
  } satisfies Record<Noun, RowLoader<never, object | null>>
  return { ...loadersOfNouns, keepAlong }
}

/**
 * Rows that other answers read too, for one that ends by itself.
 * @param reading throws if this answer reads nothing more
 */
function sharedRowLoaders(rows: RowLoaders, reading: () => void): RowLoaders {
  const shared = <Id, Row>(loader: RowLoader<Id, Row>) => new SharedLoader(loader, reading)
  return {
    workspace: shared(rows.workspace),
    agent: shared(rows.agent),
    channel: shared(rows.channel),
    contact: shared(rows.contact),
    conversation: shared(rows.conversation),
    message: shared(rows.message),
    apiKey: shared(rows.apiKey),
    event: shared(rows.event),
    keepAlong: rows.keepAlong,
  }
}

/** What the resolvers of one answer load with. */
export type Loading = {
  db: Db
  workspaceId: string
  bytes: AnswerBytes
  related: RelatedRows
  /** Aborts when the answer is not wanted any more. */
  signal: AbortSignal | undefined
  /** The rows that it shares with other answers; null: none. */
  shared: RowLoaders | null
}

/** Batches what the resolvers of one answer load. */
export function createLoaders({ db, workspaceId, bytes, related, signal, shared }: Loading) {
  /**
   * For an answer that is refused or given up nothing more is read.
   * @throws Refusal LIMIT_EXCEEDED, RATE_LIMITED; the signal's reason
   */
  function reading(): Db {
    const refused = bytes.refused()
    if (refused) throw refused
    signal?.throwIfAborted()
    return db
  }

  const { along, message, messageBeyond } = related
  const rows = shared ? sharedRowLoaders(shared, reading) : createRowLoaders(reading, workspaceId, related)
  return {
    ...rows,
    /** The texts of messages. Their sizes have been added up before: if the sum is too large, none is read. */
    messageText: byId('message', async ids => textsByIds(reading(), workspaceId, ids)),
    events: perArguments((args: Parameters<typeof eventPages>[3]) => async (ids: readonly string[]) => {
      const rows = Map.groupBy(await eventPages(reading(), workspaceId, ids, args), row => row.conversationId)
      return ids.map(id => rows.get(id) ?? [])
    }),
    messages: perArguments(
      (args: Pick<MessagePage, 'directions' | 'page'>) => async (ids: readonly string[]) => {
        const asked = { ...args, ...message, rowBeyond: messageBeyond }
        const rows = Map.groupBy(
          await messagePages(reading(), workspaceId, ids, asked),
          row => row.conversationId,
        )
        return ids.map(id => rows.get(id) ?? [])
      },
    ),
    conversations: perArguments(
      (args: Omit<Parameters<typeof conversationPages>[3], 'along'>) => async (ids: readonly string[]) => {
        const parentOf = args.parent === 'contact' ? ('contactId' as const) : ('assignedToId' as const)
        const found = Map.groupBy(
          rows.keepAlong(await conversationPages(reading(), workspaceId, ids, { ...args, along })),
          row => row[parentOf],
        )
        return ids.map(id => found.get(id) ?? [])
      },
    ),
    conversationTotal: perArguments(
      (args: { parent: Parent; filter: ConversationFilter }) => async (ids: readonly string[]) => {
        const totals = await totalsOf(reading(), workspaceId, ids, args)
        return ids.map(id => totals.get(id) ?? noneCounted)
      },
    ),
    /** How many conversations of the workspace match. */
    async total(filter: ConversationFilter): Promise<Total> {
      return totalOf(reading(), workspaceId, filter)
    },
    agentCounts: byId('agent', async ids => countsOfAgents(reading(), workspaceId, ids)),
  }
}
