import type { Reader } from '../../db/db.ts'
import { type OneOrMany, oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { columns, columnsOf, type Message, type MessageAlong, type MessageColumns } from './columns.ts'

type Ids = { workspaceId: string; ids: OneOrMany<string> }

const messagesOf = (reader: Reader, { workspaceId, ids }: Ids) =>
  reader.selectFrom('message').where('workspace_id', '=', workspaceId).where(oneOf('id', ids))

const byIds = reusable((reader, ids: Ids) => messagesOf(reader, ids).select(columns))

const byIdsAlong = reusable((reader, ids: Ids, asked: MessageColumns) =>
  messagesOf(reader, ids).select(columnsOf(asked)),
)

const texts = reusable((reader, ids: Ids) => messagesOf(reader, ids).select(['id', 'text']))

/** The workspace's messages with these ids, in any order. */
export async function messagesByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<Message[]> {
  return byIds(reader, { workspaceId, ids: oneOrMany(ids) })
}

/** The same with the columns that are asked for. */
export async function messagesAlong(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
  asked: MessageColumns,
): Promise<MessageAlong[]> {
  return byIdsAlong(reader, { workspaceId, ids: oneOrMany(ids) }, asked)
}

/** The texts of the workspace's messages with these ids, in any order. */
export async function textsByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<{ id: string; text: string }[]> {
  return texts(reader, { workspaceId, ids: oneOrMany(ids) })
}
