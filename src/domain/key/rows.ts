import { type Selection, sql } from 'kysely'
import type { Reader, Tables } from '../../db/db.ts'
import { oneOf, oneOrMany } from '../../db/one-of.ts'
import { reusable } from '../../db/reusable.ts'
import { boundsOf, type Page, paged, type Sort } from '../page.ts'

const columns = [
  'id',
  'name',
  'agent_id as agentId',
  'scopes',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'revoked_at as revokedAt',
] as const

/** A credential, without its secret. */
export type ApiKey = Selection<Tables, 'api_key', (typeof columns)[number]>

const valid = sql<boolean>`revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`

/** Keys by their ids, including revoked and expired ones, because events and messages still name them. */
export async function keysByIds(
  reader: Reader,
  workspaceId: string,
  ids: readonly string[],
): Promise<ApiKey[]> {
  return reader
    .selectFrom('api_key')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .where(oneOf('id', oneOrMany(ids)))
    .execute()
}

/** Every key of a workspace, oldest first, with the time it was revoked; null: it is not revoked. */
export async function keysOf(reader: Reader, workspaceId: string): Promise<ApiKey[]> {
  return reader
    .selectFrom('api_key')
    .select(columns)
    .where('workspace_id', '=', workspaceId)
    .orderBy('created_at')
    .execute()
}

const oldestFirst: Sort = { column: 'created_at', descending: false }

/** One page of a workspace's keys, oldest first, with those that are revoked or have expired; see `paged`. */
export async function keyPage(reader: Reader, workspaceId: string, page: Page): Promise<ApiKey[]> {
  const keys = reader.selectFrom('api_key').select(columns).where('workspace_id', '=', workspaceId)
  return paged(keys, oldestFirst, { ...boundsOf(page), backward: page.backward }).execute()
}

const validByHash = reusable((reader, { hash }: { hash: Buffer }) =>
  reader
    .selectFrom('api_key')
    .select([...columns, 'workspace_id as workspaceId'])
    .where('hash', '=', hash)
    .where(valid),
)

/**
 * The valid key with this hash; null: there is none. It looks in all workspaces, because only the key tells which one.
 */
export async function keyByHash(
  reader: Reader,
  hash: Buffer,
): Promise<(ApiKey & { workspaceId: string }) | null> {
  const [key] = await validByHash(reader, { hash })
  return key ?? null
}

const validOf = reusable(
  (reader, { workspaceIds, keyIds }: { workspaceIds: readonly string[]; keyIds: readonly string[] }) =>
    reader
      .selectFrom('api_key')
      .select('id')
      .where(
        sql<boolean>`(workspace_id, id) in (select * from unnest(${workspaceIds}::text[], ${keyIds}::text[]))`,
      )
      .where(valid),
)

/** The ids of those keys that are still valid. One statement checks the keys of all open sockets, in all workspaces. */
export async function validKeys(
  reader: Reader,
  keys: readonly { workspaceId: string; keyId: string }[],
): Promise<Set<string>> {
  const rows = await validOf(reader, {
    workspaceIds: keys.map(key => key.workspaceId),
    keyIds: keys.map(key => key.keyId),
  })
  return new Set(rows.map(row => row.id))
}
