import { sql } from 'kysely'
import type { Db, Writer } from '../../db/db.ts'
import { reusable } from '../../db/reusable.ts'
import { refusal } from '../errors.ts'
import type { IdempotencyKey } from './key.ts'

/**
 * The result that a key names: the ids of its rows, which are read again for each request. `seq` is the number of the
 * change's last event; null: nothing changed.
 */
export type KeyedResult = { ids: readonly string[]; seq: number | null }

/**
 * Claims the keys of a request, as the first statements of its transaction. An equal request in another transaction
 * waits here until this one has ended. Then it finds the result or, after a rollback, claims the keys itself.
 *
 * @returns the result of an earlier request that had one of the keys, which the keys before that one name from then on;
 * null: the request is new, and `completeKeys` must follow
 * @throws Refusal IDEMPOTENCY_MISMATCH if a key was used before with different input
 */
export async function claimKeys(
  writer: Writer,
  workspaceId: string,
  keys: readonly IdempotencyKey[],
): Promise<KeyedResult | null> {
  for (const [index, key] of keys.entries()) {
    const earlier = await claim(writer, workspaceId, key)
    if (earlier === null) continue
    await completeKeys(writer, workspaceId, keys.slice(0, index), earlier, false)
    return earlier
  }
  return null
}

type Completion = KeyedResult & { workspaceId: string; operation: string; key: string }

const completing = (writer: Writer, { workspaceId, operation, key, ids, seq }: Completion) =>
  writer
    .updateTable('idempotency_key')
    .set({ result_ids: ids as string[], event_seq: seq })
    .where('workspace_id', '=', workspaceId)
    .where('operation', '=', operation)
    .where('key', '=', key)

const completed = reusable(completing)
const completedLast = reusable(completing, 'last')

/**
 * Lets claimed keys name a result. Their rows are locked already, so no lock is taken here.
 * @param isLast whether the transaction ends with this
 */
export async function completeKeys(
  writer: Writer,
  workspaceId: string,
  keys: readonly IdempotencyKey[],
  { ids, seq }: KeyedResult,
  isLast: boolean,
): Promise<void> {
  for (const [index, { operation, key }] of keys.entries()) {
    const complete = isLast && index === keys.length - 1 ? completedLast : completed
    await complete(writer, { workspaceId, operation, key, ids, seq })
  }
}

type Key = { workspaceId: string; operation: string; key: string }

const expiredDeleted = reusable(
  (_: Writer, { workspaceId, operation, key }: Key) => sql`
    delete from idempotency_key where workspace_id = ${workspaceId} and operation = ${operation} and key = ${key}
      and expires_at <= statement_timestamp()`,
  'first',
)

type New = Key & { inputHash: Uint8Array | null; keptForHours: number | null }

const claimed = reusable(
  (_: Writer, { workspaceId, operation, key, inputHash, keptForHours }: New) => sql`
    insert into idempotency_key (workspace_id, operation, key, input_hash, expires_at)
    values (${workspaceId}, ${operation}, ${key}, ${inputHash},
      clock_timestamp() + make_interval(hours => ${keptForHours}::int))
    on conflict do nothing returning key`,
)

/** Claims a key that is new or has expired. Returns the result of the request that has it; null: it is claimed. */
async function claim(writer: Writer, workspaceId: string, key: IdempotencyKey): Promise<KeyedResult | null> {
  for (;;) {
    await expiredDeleted(writer, { workspaceId, operation: key.operation, key: key.key })
    const [isClaimed] = await claimed(writer, { workspaceId, ...key })
    if (isClaimed) return null
    const earlier = await resultOf(writer, workspaceId, key)
    // It may have expired in between, and be deleted.
    if (earlier) return earlier
  }
}

async function resultOf(
  writer: Writer,
  workspaceId: string,
  { operation, key, inputHash }: IdempotencyKey,
): Promise<KeyedResult | null> {
  const earlier = await writer
    .selectFrom('idempotency_key')
    .select(['result_ids as ids', 'event_seq as seq'])
    .select(eb => eb('input_hash', 'is not distinct from', inputHash).as('isSame'))
    .where('workspace_id', '=', workspaceId)
    .where('operation', '=', operation)
    .where('key', '=', key)
    .executeTakeFirst()
  if (!earlier) return null
  const { ids, seq, isSame } = earlier
  if (!isSame)
    throw refusal(
      'IDEMPOTENCY_MISMATCH',
      'This idempotency key was used before with different input.',
      'idempotencyKey',
    )
  if (ids.length === 0) throw new Error(`The idempotency key ${operation} ${key} has no result.`)
  return { ids, seq }
}

const maxDeletedKeys = 5_000

/** Deletes expired keys of all workspaces, at most 5,000. Returns how many it deleted. */
export async function deleteExpiredIdempotencyKeys(db: Db): Promise<number> {
  const { rows } = await sql`
    delete from idempotency_key where (workspace_id, operation, key) in (
      select workspace_id, operation, key from idempotency_key
      where expires_at <= statement_timestamp() limit ${maxDeletedKeys}
    ) returning 1`.execute(db)
  return rows.length
}
