import type { CompiledQuery } from 'kysely'
import pg from 'pg'
import { test as base, expect } from 'vitest'
import { fillDatabase } from '../../../bench/requests/dataset.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { conversationPage } from '../../../src/domain/conversation/list.ts'
import { newPostgresDatabase } from '../../support/databases.ts'
import { inboxFilter, inboxFilters, planOf } from '../../support/plans.ts'

const conversations = 20_000
const workspaceId = 'wrk_bench0'

/** A database of 20,000 conversations, and the statements that are executed on it. */
// biome-ignore lint/correctness/noEmptyPattern: the runner reads the fixtures that are needed from the pattern
const test = base.extend('filled', { scope: 'file' }, async ({}, { onCleanup }) => {
  const url = await newPostgresDatabase()
  await fillDatabase(new pg.Client({ connectionString: url }), conversations)
  const queries: CompiledQuery[] = []
  const { reserved: db, close } = openPostgres(url, { log: ({ query }) => void queries.push(query) })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  onCleanup(async () => void (await Promise.all([close(), client.end()])))
  return { db, client, queries }
})

test.for(Object.keys(inboxFilters))(
  'an index gives the list of %s in its order, and little more is read than shown',
  { timeout: 120_000 },
  async (name, { filled: { db, client, queries } }) => {
    for (const [size, backward] of [
      [20, false],
      [20, true],
      [100, false],
    ] as const) {
      queries.length = 0
      const page = { size, backward, after: null, before: null }
      const along = { contact: true, agent: true }
      const rows = await conversationPage(db, workspaceId, { ...inboxFilter(name), page, along })
      const [query] = queries
      if (!query) throw new Error('Nothing was executed.')
      const plan = await planOf(client, query)
      expect(plan, name).toMatchObject({ isScanned: false, returned: rows.length })
      expect(Math.max(plan.read, plan.sorted), name).toBeLessThanOrEqual(2 * rows.length + 50)
    }
  },
)
