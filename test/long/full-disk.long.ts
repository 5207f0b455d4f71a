import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open.ts'
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

/** Fills the disk under traffic, does something meanwhile, makes room again, and does something then. */
async function fillUp(
  gateway: Killable,
  disk: ReturnType<typeof mountSmallDisk>,
  meanwhile: () => Promise<unknown>,
  then: () => Promise<unknown> = async () => {},
) {
  const traffic = await startTraffic(gateway.client, given)
  await traffic.flows()
  const before = traffic.answers.length
  disk.fill()
  const refused = () => traffic.answers.slice(before).filter(({ status }) => status === 503).length
  await expect.poll(refused).toBeGreaterThan(100)
  const { url } = gateway.client
  expect(
    (await gateway.client.graphql('{ conversations(first: 3) { edges { node { id } } } }')).errors,
  ).toBeUndefined()
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  await meanwhile()
  const begun = performance.now()
  disk.free()
  await then()
  await traffic.flows(0)
  const backMs = Math.round(performance.now() - begun)
  await traffic.flows()
  await traffic.settle()
  const others = traffic.answers.filter(
    ({ status, retryAfter }) => ![0, 200].includes(status) && !(status === 503 && retryAfter),
  )
  expect(others.slice(0, 3), `${others.length} of ${traffic.answers.length}`).toEqual([])
  return { traffic, line: `${refused()} refused with 503; written again after ${backMs} ms` }
}

test.skipIf(cannotMount)('a full disk of PostgreSQL refuses changes and loses none', async ({ annotate }) => {
  const disk = smallDisk(700)
  const server = await startPostgres({
    within: disk.path,
    settings: ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on'],
  })
  onTestFinished(server.stop)
  const DATABASE_URL = server.url('postgres')
  const database = openPostgres(DATABASE_URL)
  await migrate(database.db)
  await database.close()
  const gateway = await startKillable('postgres', { DATABASE_URL })
  const said: string[] = []
  gateway.running().child.stdout.on('data', chunk => said.push(String(chunk)))
  const { traffic, line } = await fillUp(gateway, disk, async () => {
    // Whoever reads the log is told why.
    expect(said.join('')).toContain('53100')
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
    const { traffic, line } = await fillUp(gateway, disk, gateway.end, gateway.start)
    expect(await gateway.end('SIGTERM')).toBe(0)
    await annotate(`${await traffic.expectNothingLost(await gateway.openDatabase())} acknowledged, ${line}`)
  },
)
