import { setTimeout as after } from 'node:timers/promises'
import type pg from 'pg'

/** How pools share what a server or a role lets them have together, if that is less than they have room for. */
export type Scarcity = {
  /**
   * Waits for a connection of a pool. While the server refuses further ones, the pool makes do with those that it has; if
   * it has none, another pool gives one up.
   */
  connect(pool: pg.Pool, waitMs: number): Promise<pg.PoolClient>
  /** Whether the connection that a pool takes back is to be closed, because another pool has none. */
  isGivenUp(pool: pg.Pool): boolean
}

const tooManyConnections = '53300'
const connectAgainAfterMs = 50
/** After this time a pool tries again to have as many as it has room for. */
const limitedForMs = 10_000

/** @param pools those of one process, at one server */
export function createScarcity(pools: readonly pg.Pool[]): Scarcity {
  const room = new Map<pg.Pool, number>()
  const timers = new Map<pg.Pool, NodeJS.Timeout>()
  /** The pools that have none, until another one has given one up. */
  const inNeed = new Set<pg.Pool>()

  /** Whoever asks for more than these waits in the line of the pool. */
  function limit(pool: pg.Pool, count: number): void {
    if (!room.has(pool)) room.set(pool, pool.options.max)
    pool.options.max = Math.max(1, count)
    clearTimeout(timers.get(pool))
    const end = () => {
      pool.options.max = room.get(pool) ?? count
    }
    timers.set(pool, setTimeout(end, limitedForMs).unref())
  }

  /** A pool keeps its last connection, so that none goes from one to the other all the time. */
  const canGive = (pool: pg.Pool, to: pg.Pool) => pool !== to && pool.totalCount > 1

  async function takeOne(to: pg.Pool): Promise<void> {
    const givers = pools.filter(pool => canGive(pool, to))
    for (const giver of givers) limit(giver, giver.totalCount - 1)
    const idle = givers.find(giver => giver.idleCount > 0)
    if (!idle) return void inNeed.add(to)
    // It is handed over at once: nobody waits in a pool that has an idle one.
    const client = await idle.connect().catch(() => undefined)
    client?.release(true)
  }

  return {
    async connect(pool, waitMs) {
      const until = performance.now() + waitMs
      for (;;) {
        try {
          return await pool.connect()
        } catch (error) {
          if ((error as { code?: unknown }).code !== tooManyConnections || performance.now() > until)
            throw error
        }
        if (pool.totalCount > 0) limit(pool, pool.totalCount)
        else await takeOne(pool)
        await after(connectAgainAfterMs)
        inNeed.delete(pool)
      }
    },
    isGivenUp(pool) {
      const [needy] = [...inNeed].filter(each => canGive(pool, each))
      return needy !== undefined && inNeed.delete(needy)
    },
  }
}
