import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { migratedDatabaseOf, operate } from '../support/databases.ts'
import { demoWorkspaceId, type Killable, startKillable } from '../support/killable.ts'
import { startPostgres } from '../support/postgres.ts'
import { cannotMount, mountSmallDisk } from '../support/small-disk.ts'
import { startTraffic } from '../support/traffic.ts'

const given = { workspaceId: demoWorkspaceId, agentId: 'agt_abc123' }

function smallDisk(megabytes: number) {
  const disk = mountSmallDisk(megabytes)
  onTestFinished(disk.unmount)
  return disk
}

type Steps = {
  /** Done just before the disk is full, while it is, and once there is room again. */
  before?(): Promise<unknown>
  meanwhile(): Promise<unknown>
  afterwards?(): Promise<unknown>
  /** Whether the gateway is killed, which cuts requests. */
  cut: boolean
}

/** Fills the disk under traffic, and makes room again. */
async function fillUp(
  gateway: Killable,
  disk: ReturnType<typeof mountSmallDisk>,
  { before, meanwhile, afterwards, cut }: Steps,
) {
  const traffic = await startTraffic(gateway.client, given)
  await traffic.flows()
  await before?.()
  disk.fill()
  await expect.poll(traffic.refused).toBeGreaterThan(100)
  const { url } = gateway.client
  expect(
    (await gateway.client.graphql('{ conversations(first: 3) { edges { node { id } } } }')).errors,
  ).toBeUndefined()
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  await meanwhile()
  const begun = performance.now()
  disk.free()
  await afterwards?.()
  await traffic.flows(0)
  const backMs = Math.round(performance.now() - begun)
  await traffic.flows()
  await traffic.settle()
  traffic.expectAnswered({ cut })
  return { traffic, line: `${traffic.refused()} refused with 503; written again after ${backMs} ms` }
}

test.skipIf(cannotMount)('a full disk of PostgreSQL refuses changes and loses none', async ({ annotate }) => {
  const disk = smallDisk(700)
  const server = await startPostgres({
    within: disk.path,
    settings: ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on'],
  })
  onTestFinished(server.stop)
  const DATABASE_URL = await migratedDatabaseOf(server)
  const gateway = await startKillable('postgres', { DATABASE_URL })
  const said: string[] = []
  gateway.running().child.stdout.on('data', chunk => said.push(String(chunk)))
  const { traffic, line } = await fillUp(gateway, disk, {
    // A server that needs a new segment of its log while there is no room for one ends, and cannot start.
    before: () => operate(DATABASE_URL, 'select pg_switch_wal()'),
    // Whoever reads the log is told why.
    meanwhile: async () => expect(said.join('')).toContain('53100'),
    cut: false,
  })
  expect(await gateway.end('SIGTERM')).toBe(0)
  await annotate(`${await traffic.expectNothingLost(await gateway.openDatabase())} acknowledged, ${line}`)
})

test.skipIf(cannotMount)(
  'a full disk of the embedded database refuses changes and loses none, also over a kill',
  async ({ annotate }) => {
    const disk = smallDisk(400)
    const DATA_DIR = join(disk.path, 'data')
    onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true }))
    const gateway = await startKillable('embedded', { DATA_DIR })
    const { traffic, line } = await fillUp(gateway, disk, {
      meanwhile: gateway.end,
      afterwards: gateway.start,
      cut: true,
    })
    expect(await gateway.end('SIGTERM')).toBe(0)
    await annotate(`${await traffic.expectNothingLost(await gateway.openDatabase())} acknowledged, ${line}`)
  },
)
