import type { Selection } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { notFound, refusal } from '../errors.ts'
import { isId } from '../id.ts'
import { type Backward, boundsOf, type Page, type PageBounds, paged, type Sort } from '../page.ts'

const columns = ['id', 'name', 'source', 'address', 'created_at as createdAt'] as const

/** A way in which contacts reach the team. */
export type Channel = Selection<Tables, 'channel', (typeof columns)[number]>

const oldestFirst: Sort = { column: 'created_at', descending: false }

const channelsOf = (reader: Reader, workspaceId: string) =>
  reader.selectFrom('channel').select(columns).where('workspace_id', '=', workspaceId)

const byIds = reusable((reader, { workspaceId, ids }: { workspaceId: string; ids: OneOrMany<string> }) =>
  channelsOf(reader, workspaceId).where(oneOf('id', ids)),
)

const pageStatement = reusable(
  (reader, { workspaceId, page }: { workspaceId: string; page: PageBounds }, { backward }: Backward) =>
    paged(channelsOf(reader, workspaceId), oldestFirst, { ...page, backward }),
)

/** The workspace's channels with these ids, in any order. */
export async function channelsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Channel[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) })
}

/** One page of a workspace's channels, oldest first; see `paged`. */
export async function channelPage(reader: Reader, workspaceId: string, page: Page): Promise<Channel[]> {
  return pageStatement(reader, { workspaceId, page: boundsOf(page) }, { backward: page.backward })
}

/** The channel to send mail from when none is given: the oldest EMAIL channel; null: the workspace has none. */
export async function defaultEmailChannel(reader: Reader, workspaceId: string): Promise<Channel | null> {
  const channel = await channelsOf(reader, workspaceId)
    .where('source', '=', 'EMAIL')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return channel ?? null
}

/** The oldest EMAIL channel with one of these addresses, ignoring case; null: there is none. */
export async function channelFor(
  reader: Reader,
  workspaceId: string,
  addresses: readonly string[],
): Promise<Channel | null> {
  const lower = addresses.map(address => address.toLowerCase())
  const channel = await channelsOf(reader, workspaceId)
    .where('source', '=', 'EMAIL')
    .where(eb => eb(eb.fn<string>('lower', ['address']), '=', eb.fn.any(eb.val(lower))))
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return channel ?? null
}

/** The workspace's channel with this id. @throws Refusal NOT_FOUND; INVALID_INPUT if it serves none of these sources */
export async function requireChannel(
  reader: Reader,
  workspaceId: string,
  id: string,
  sources: readonly Channel['source'][],
): Promise<Channel> {
  const [channel] = isId('channel', id) ? await channelsByIds(reader, workspaceId, [id]) : []
  if (!channel) throw notFound('channel', 'channelId')
  if (!sources.includes(channel.source))
    throw refusal('INVALID_INPUT', `channelId must name a channel for ${sources.join(' or ')}.`, 'channelId')
  return channel
}
