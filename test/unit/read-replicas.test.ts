import { access } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import type { DatabaseConnection } from 'kysely'
import { expect, test } from 'vitest'
import { lendReplicas } from '../../src/db/read-replicas.ts'
import type { Lend } from '../../src/db/share.ts'
import { TimedOut, Unavailable } from '../../src/db/unavailable.ts'

const connection = {} as DatabaseConnection
const owner = () => ({ workspaceId: 'wrk_a', keyId: 'key_a' })
const never = undefined

/** A replica and a database that tell which of them has read. */
function lending({
  has,
  needed = async () => '7',
  fails,
  refuses,
}: {
  has: () => Promise<string>
  needed?: () => Promise<string>
  fails?: Error
  refuses?: Error
}) {
  const replica: Lend = async (_, __, consumer) => {
    if (fails) throw fails
    await consumer(connection)
    return 'replica' as never
  }
  const primary: Lend = async (_, __, consumer) => {
    if (refuses) throw refuses
    await consumer(connection)
    return 'primary' as never
  }
  const { lend, isReadAgain, reads } = lendReplicas(primary, [{ lend: replica, revisionOf: has }], needed)
  return { isReadAgain, reads, read: (by = owner()) => lend(by, never, async () => 'nobody') }
}

test('a replica that has the revision of the database is read from', async () => {
  for (const revision of ['7', '12']) {
    const { read, reads } = lending({ has: async () => revision })
    expect(await read()).toBe('replica')
    expect(reads()).toEqual({ replica: 1, behind: 0, away: 0 })
  }
})

test('a replica that is behind, or does not have the workspace yet, is not', async () => {
  for (const has of [async () => '6', () => Promise.reject(new Error('There is no such workspace.'))]) {
    const { read, reads } = lending({ has })
    expect(await read()).toBe('primary')
    expect(reads()).toEqual({ replica: 0, behind: 1, away: 0 })
  }
})

test('a replica that does not answer is left alone for a while', async () => {
  for (const has of [() => new Promise<string>(() => {}), () => Promise.reject(new Unavailable(null))]) {
    const { read, reads } = lending({ has })
    expect(await read()).toBe('primary')
    expect(await read()).toBe('primary')
    expect(reads()).toEqual({ replica: 0, behind: 0, away: 1 })
  }
})

test('a replica that is no later than the database is not left alone', async () => {
  const late = () => after(400, '7')
  const { read, reads } = lending({ has: late, needed: late })
  expect(await read()).toBe('replica')
  expect(reads()).toEqual({ replica: 1, behind: 0, away: 0 })
})

test('a replica whose answer arrives while the process is busy is not left alone', async () => {
  const has = () => access('.').then(() => '7')
  const { read, reads } = lending({ has })
  // Timers that are due come before what arrives, from here on.
  await has()
  const reading = read()
  for (let step = 0; step < 20; step++) await null
  const end = performance.now() + 400
  while (performance.now() < end);
  expect(await reading).toBe('replica')
  expect(reads()).toEqual({ replica: 1, behind: 0, away: 0 })
})

test('a read that fails at the replica is made again, and so are those of its request that follow', async () => {
  const { read, reads } = lending({ has: async () => '7', fails: new Unavailable(null) })
  const by = owner()
  expect(await Promise.all([read(by), read(by)])).toEqual(['primary', 'primary'])
  expect(await read(by)).toBe('primary')
  expect(reads()).toEqual({ replica: 0, behind: 0, away: 1 })
})

test('a replica that ends a statement in favour of what it replays is not left alone', async () => {
  const { read, reads } = lending({ has: async () => '7', fails: new Unavailable(null, 'CONFLICT') })
  const by = owner()
  expect([await read(by), await read(by), await read()]).toEqual(['primary', 'primary', 'primary'])
  expect(reads()).toEqual({ replica: 0, behind: 2, away: 0 })
})

test('a read that takes too long at the replica is not made again', async () => {
  const { read } = lending({ has: async () => '7', fails: new TimedOut(null) })
  await expect(read()).rejects.toThrow(TimedOut)
})

test('what the database refuses after that is not asked of it twice', async () => {
  const refuses = new Unavailable(null, 'POOL_FULL')
  const { isReadAgain, read } = lending({ has: async () => '7', fails: new Unavailable(null), refuses })
  const by = owner()
  await expect(read(by)).rejects.toBe(refuses)
  expect(isReadAgain(by, refuses)).toBe(false)
  expect(isReadAgain(by, new Unavailable(null))).toBe(true)
})
