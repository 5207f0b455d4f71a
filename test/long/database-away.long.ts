import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { migratedDatabaseOf, operate } from '../support/databases.ts'
import { demoWorkspaceId, startKillable } from '../support/killable.ts'
import { startPostgres } from '../support/postgres.ts'
import { pause } from '../support/resuming-clients.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'
import { startTraffic } from '../support/traffic.ts'

/** The table of faults tells of 5 crashes, 30 seconds of ended connections, and 60 seconds without the database. */
const crashes = Number(process.env.CRASHES ?? 2)
const endingSeconds = Number(process.env.ENDING_SECONDS ?? 5)
const awaySeconds = Number(process.env.AWAY_SECONDS ?? 5)

const backends = `from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()`

test('a database that crashes, ends its connections, and is away costs 503 and nothing else', async ({
  annotate,
}) => {
  const server = await startPostgres({
    settings: ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on'],
  })
  onTestFinished(server.stop)
  const url = await migratedDatabaseOf(server)
  const network = await startSilentProxy(url)
  onTestFinished(network.close)
  const gateway = await startKillable('postgres', { DATABASE_URL: network.url })
  const lines: string[] = []
  createInterface({ input: gateway.running().child.stdout }).on('line', line => lines.push(line))
  const traffic = await startTraffic(gateway.client, { workspaceId: demoWorkspaceId, agentId: 'agt_abc123' })

  /** A backend that dies takes all others with it, and the server recovers from its log. */
  for (let crash = 0; crash < crashes; crash++) {
    await traffic.flows()
    const [row] = await operate(url, `select pid ${backends} limit 1`)
    if (!row) throw new Error('The gateway has no connection.')
    process.kill(row.pid, 'SIGKILL')
    const others = `select pid from pg_stat_activity where pid = ${row.pid}`
    await expect.poll(() => operate(url, others).catch(() => null)).toEqual([])
  }
  await traffic.flows()

  let ended = 0
  for (const end = performance.now() + endingSeconds * 1_000; performance.now() < end; ) {
    ended += (await operate(url, `select pg_terminate_backend(pid) ${backends} order by random() limit 1`))
      .length
    await pause(100)
  }
  expect(ended).toBeGreaterThan(endingSeconds)
  await traffic.flows()

  const health = async (which: string) => (await fetch(`${gateway.client.url}/health/${which}`)).status
  network.leadTo(url.replace(/host=.*/, 'host=%2Fnowhere'))
  await expect.poll(() => health('ready')).toBe(503)
  const before = traffic.answers.length
  const linesBefore = lines.length
  await pause(awaySeconds * 1_000)
  expect([await health('ready'), await health('live')]).toEqual([503, 200])
  const away = traffic.answers.slice(before)
  const said = lines.slice(linesBefore)
  expect(away.length).toBeGreaterThan(awaySeconds)
  expect(away.filter(({ status, retryAfter }) => status !== 503 || !retryAfter)).toEqual([])
  const begun = performance.now()
  network.leadTo(url)
  await traffic.flows(0)
  const backMs = Math.round(performance.now() - begun)
  await expect.poll(() => health('ready')).toBe(200)

  await traffic.flows()
  await traffic.settle()
  traffic.expectAnswered({ cut: false })
  // The reason is logged once a second, however many callers come again.
  expect(said.join()).toContain('the database is not available')
  expect(said.join()).not.toContain('could not authenticate a socket')
  expect(await gateway.end('SIGTERM')).toBe(0)
  network.leadTo(url)
  const acknowledged = await traffic.expectNothingLost(await gateway.openDatabase())
  await annotate(
    `${acknowledged} acknowledged; ${traffic.refused()} of ${traffic.answers.length} answers 503; ${crashes} crashes, ${ended} ended connections, ${awaySeconds} s away, with ${away.length} answers; ${said.length} lines meanwhile; written again after ${backMs} ms`,
  )
})
