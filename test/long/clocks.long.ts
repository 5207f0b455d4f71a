import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open.ts'
import { cannotSetClocks, clockOff, jumpingClock } from '../support/clocks.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { demoWorkspaceId, startKillable } from '../support/killable.ts'
import { startMailServer } from '../support/mail-server.ts'
import { startPostgres } from '../support/postgres.ts'
import { startTraffic } from '../support/traffic.ts'

const given = { workspaceId: demoWorkspaceId, agentId: 'agt_abc123', writers: 4, subscribers: 6 }
const hour = 3_600

/** The events of a log, one conversation after the other, each in its order; `at` is in milliseconds since 1970. */
async function eventsOf(url: string): Promise<{ of: string; at: number }[]> {
  const operator = new pg.Client(url)
  await operator.connect()
  const { rows } = await operator.query(
    'select conversation_id, created_at from event where workspace_id = $1 order by conversation_id, seq',
    [demoWorkspaceId],
  )
  await operator.end()
  return rows.map(({ conversation_id, created_at }) => ({ of: conversation_id, at: created_at.getTime() }))
}

/** How often an event of a conversation is older than the one before it. */
const falls = (events: Awaited<ReturnType<typeof eventsOf>>) =>
  events.filter(({ of, at }, index) => of === events[index - 1]?.of && at < (events[index - 1]?.at ?? 0))
    .length

test.skipIf(cannotSetClocks)(
  'two gateways, an hour ahead and an hour behind, serve as ever',
  async ({ annotate }) => {
    const DATABASE_URL = await newPostgresDatabase()
    const mailServer = await startMailServer()
    onTestFinished(mailServer.close)
    const begun = Date.now()
    const environment = { DATABASE_URL, SMTP_URL: mailServer.url, MAIL_FROM: 'help@gateway.test' }
    const start = (seconds: number) => startKillable('postgres', { ...environment, ...clockOff(seconds) })
    const gateways = [await start(hour), await start(-hour)] as const
    for (const [index, { client }] of gateways.entries()) {
      const { headers } = await fetch(`${client.url}/health/live`)
      const off = (Date.parse(headers.get('date') ?? '') - Date.now()) / 1_000
      expect(Math.abs(off - (index === 0 ? hour : -hour))).toBeLessThan(300)
    }
    const traffic = [
      await startTraffic(gateways[0].client, given),
      await startTraffic(gateways[1].client, given),
    ] as const
    for (const each of traffic) await each.flows(50)
    await expect.poll(() => mailServer.mails.length).toBe(24)
    await Promise.all(traffic.map(each => each.stopChanges()))
    await Promise.all(traffic.map(each => each.settle()))
    const others = traffic.flatMap(({ answers }) => answers).filter(({ status }) => status !== 200)
    expect(others).toEqual([])
    for (const gateway of gateways) expect(await gateway.end('SIGTERM')).toBe(0)
    const acknowledged = await traffic[0].expectNothingLost(await gateways[0].openDatabase())
    await traffic[1].expectNothingLost(await gateways[1].openDatabase())
    const own = (await eventsOf(DATABASE_URL)).filter(({ at }) => at > begun - 60_000)
    expect(own.length).toBeGreaterThan(acknowledged)
    expect(falls(own)).toBe(0)
    expect(Math.max(...own.map(({ at }) => at))).toBeLessThan(Date.now() + 60_000)
    await annotate(`${own.length} events, heard over both; ${mailServer.mails.length} mails`)
  },
)

test.skipIf(cannotSetClocks)(
  'a clock of the database that jumps by an hour, there and back, stops nothing',
  async ({ annotate }) => {
    const clock = jumpingClock()
    onTestFinished(clock.remove)
    const server = await startPostgres({ environment: clock.environment })
    onTestFinished(server.stop)
    const DATABASE_URL = server.url('postgres')
    const database = openPostgres(DATABASE_URL)
    await migrate(database.db)
    await database.close()
    const gateways = [
      await startKillable('postgres', { DATABASE_URL }),
      await startKillable('postgres', { DATABASE_URL }),
    ] as const
    const traffic = [
      await startTraffic(gateways[0].client, given),
      await startTraffic(gateways[1].client, given),
    ] as const
    const jumps = [hour, 0, -hour, 0]
    for (const seconds of jumps) {
      for (const each of traffic) await each.flows()
      clock.jumpTo(seconds)
    }
    for (const each of traffic) await each.flows()
    await Promise.all(traffic.map(each => each.stopChanges()))
    await Promise.all(traffic.map(each => each.settle()))
    // A statement whose timer looks at the clock after a jump is cancelled: it may be sent again.
    const answers = traffic.flatMap(each => each.answers)
    const refused = answers.filter(({ status, retryAfter }) => status === 503 && retryAfter !== null)
    expect(answers.filter(answer => answer.status !== 200 && !refused.includes(answer))).toEqual([])
    for (const gateway of gateways) expect(await gateway.end('SIGTERM')).toBe(0)
    const acknowledged = await traffic[0].expectNothingLost(await gateways[0].openDatabase())
    await traffic[1].expectNothingLost(await gateways[1].openDatabase())
    await annotate(
      `${acknowledged} acknowledged by one of two; the times of the log fall ${falls(await eventsOf(DATABASE_URL))} times`,
    )
  },
)
