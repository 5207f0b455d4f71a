import { setTimeout as after } from 'node:timers/promises'
import type pg from 'pg'

/** How pools share what a server or a role lets them have together, if that is less than they have room for. */
export type Scarcity = {
  /** Waits for a connection of a pool. While the server refuses further ones, it takes idle ones from the other pools. */
  connect(pool: pg.Pool, waitMs: number): Promise<pg.PoolClient>
  /** Whether another pool waits for a connection, so that this pool's should be closed after use. */
  isNeededElsewhere(pool: pg.Pool): boolean
}

const tooManyConnections = '53300'
const connectAgainAfterMs = 100

/** @param pools they take connections from one another, and are complete before the first one is asked for */
export function createScarcity(pools: readonly pg.Pool[]): Scarcity {
  const waiting = new Map<pg.Pool, number>()
  const add = (pool: pg.Pool, change: 1 | -1) => waiting.set(pool, (waiting.get(pool) ?? 0) + change)

  async function makeRoom(pool: pg.Pool): Promise<void> {
    const other = pools.find(each => each !== pool && each.idleCount > 0)
    // Somebody may have taken it meanwhile.
    const idle = await other?.connect().catch(() => undefined)
    idle?.release(true)
  }

  async function connectLater(pool: pg.Pool, until: number): Promise<pg.PoolClient> {
    for (;;) {
      await makeRoom(pool)
      await after(connectAgainAfterMs)
      try {
        return await pool.connect()
      } catch (error) {
        if (!isRefused(error) || performance.now() > until) throw error
      }
    }
  }

  return {
    async connect(pool, waitMs) {
      const until = performance.now() + waitMs
      try {
        return await pool.connect()
      } catch (error) {
        if (!isRefused(error)) throw error
      }
      add(pool, 1)
      try {
        return await connectLater(pool, until)
      } finally {
        add(pool, -1)
      }
    },
    isNeededElsewhere: pool => pools.some(each => each !== pool && (waiting.get(each) ?? 0) > 0),
  }
}

const isRefused = (error: unknown) => (error as { code?: unknown } | null)?.code === tooManyConnections
