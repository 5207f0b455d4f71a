import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPageKey } from '../../src/demo/page-key.ts'
import { seedDemo } from '../../src/demo/seed.ts'
import { startTraffic } from '../../src/demo/traffic.ts'
import { openDatabase } from '../support/databases.ts'
import { client, newWorkspace, startGateway } from '../support/gateway.ts'

test('the traffic of a demo runs while it is watched, and leaves alone what it must', async ({
  onTestFinished,
}) => {
  const database = await openDatabase()
  onTestFinished(() => database.close())
  const { db } = database
  const dataDir = mkdtempSync(join(tmpdir(), 'gateway-demo-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  await seedDemo(db, { demoApiKey: 'demo-key', dataDir })
  const events = async () => {
    const { seq } = await db.selectFrom('workspace').select('event_seq as seq').executeTakeFirstOrThrow()
    return Number(seq)
  }
  const protectedRows = () =>
    db
      .selectFrom('conversation')
      .selectAll()
      .where(eb =>
        eb.or([eb('assigned_to_id', '=', 'agt_abc123'), eb('id', 'in', ['thd_xyz789', 'thd_abc456'])]),
      )
      .orderBy('id')
      .execute()
  const [begun, rows] = [await events(), await protectedRows()]
  let isWatched = false
  const failures: unknown[] = []
  const traffic = startTraffic({
    db,
    announce() {},
    isWatched: () => isWatched,
    onError: error => failures.push(error),
    everyMs: 1,
  })
  onTestFinished(traffic.close)
  expect(await events()).toBe(begun)
  isWatched = true
  await expect.poll(events).toBeGreaterThan(begun + 100)
  const types = await db.selectFrom('event').select('type').distinct().where('seq', '>', begun).execute()
  expect(types.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['CONVERSATION_CREATED', 'MESSAGE_ADDED', 'CONVERSATION_STATUS_CHANGED']),
  )
  traffic.setRunning(false)
  await traffic.close()
  expect(failures).toEqual([])
  expect(await protectedRows()).toEqual(rows)
})

test('a key of the demo stops the traffic, and a key of another workspace does not', async ({
  onTestFinished,
}) => {
  const database = await openDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'gateway-demo-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  await seedDemo(database.db, { demoApiKey: 'demo-key', dataDir })
  const gateway = await startGateway({ database, demoTraffic: true })
  onTestFinished(gateway.close)
  const { rest } = client(gateway.url, await createPageKey(database.db))
  expect((await rest('GET', '/demo/traffic')).body).toEqual({ isRunning: true })
  expect((await rest('PUT', '/demo/traffic', { isRunning: false })).body).toEqual({ isRunning: false })
  expect((await rest('GET', '/demo/traffic')).body).toEqual({ isRunning: false })
  expect((await rest('PUT', '/demo/traffic', { isRunning: 'perhaps' })).status).toBe(400)
  const { client: foreign } = await newWorkspace(gateway)
  expect((await foreign.rest('PUT', '/demo/traffic', { isRunning: true })).status).toBe(403)
  expect((await client(gateway.url, 'cgw_wrong').rest('GET', '/demo/traffic')).status).toBe(401)
})
