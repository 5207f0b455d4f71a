import { expect, onTestFinished, test } from 'vitest'
import { cannotSetClocks, clockOff, jumpingClock } from '../support/clocks.ts'
import { migratedDatabaseOf, newPostgresDatabase, operate } from '../support/databases.ts'
import { demoWorkspaceId, startKillable } from '../support/killable.ts'
import { startMailServer } from '../support/mail-server.ts'
import { startPostgres } from '../support/postgres.ts'
import { startTraffic } from '../support/traffic.ts'

const given = { workspaceId: demoWorkspaceId, agentId: 'agt_abc123', writers: 4, subscribers: 6 }
const hour = 3_600

/** The newest event of the demo. */
const headOf = async (url: string): Promise<number> =>
  Number(
    (await operate(url, `select event_seq as head from workspace where id = '${demoWorkspaceId}'`))[0].head,
  )

/** The events after one, one conversation after the other, each in its order; `at` is in milliseconds since 1970. */
async function eventsAfter(url: string, seq: number): Promise<{ of: string; at: number }[]> {
  const rows = await operate(
    url,
    `select conversation_id, created_at from event
    where workspace_id = '${demoWorkspaceId}' and seq > ${seq} order by conversation_id, seq`,
  )
  return rows.map(({ conversation_id, created_at }) => ({ of: conversation_id, at: created_at.getTime() }))
}

/** How often an event of a conversation is older than the one before it. */
const falls = (events: Awaited<ReturnType<typeof eventsAfter>>) =>
  events.filter(({ of, at }, index) => of === events[index - 1]?.of && at < (events[index - 1]?.at ?? 0))
    .length

/** Two gateways of the demo on one database, each with its traffic. */
async function startTwo(environments: readonly [Record<string, string>, Record<string, string>]) {
  const gateways = [
    await startKillable('postgres', environments[0]),
    await startKillable('postgres', environments[1]),
  ] as const
  const traffic = [
    await startTraffic(gateways[0].client, given),
    await startTraffic(gateways[1].client, given),
  ] as const
  return {
    gateways,
    async flow() {
      for (const each of traffic) await each.flows()
    },
    /** Ends all, and returns how many changes were acknowledged, and how many refused for a while. */
    async end() {
      await Promise.all(traffic.map(each => each.stopChanges()))
      await Promise.all(traffic.map(each => each.settle()))
      for (const each of traffic) each.expectAnswered({ cut: false })
      for (const gateway of gateways) expect(await gateway.end('SIGTERM')).toBe(0)
      let acknowledged = 0
      for (const each of traffic)
        acknowledged += await each.expectNothingLost(await gateways[0].openDatabase())
      return { acknowledged, refused: traffic[0].refused() + traffic[1].refused() }
    },
  }
}

test.skipIf(cannotSetClocks)(
  'two gateways, an hour ahead and an hour behind, serve as ever',
  async ({ annotate }) => {
    const DATABASE_URL = await newPostgresDatabase()
    const mailServer = await startMailServer()
    onTestFinished(mailServer.close)
    const begun = Date.now()
    const environment = { DATABASE_URL, SMTP_URL: mailServer.url, MAIL_FROM: 'help@gateway.test' }
    const offs = [hour, -hour] as const
    const two = await startTwo([
      { ...environment, ...clockOff(offs[0]) },
      { ...environment, ...clockOff(offs[1]) },
    ])
    const head = await headOf(DATABASE_URL)
    for (const [index, { client }] of two.gateways.entries()) {
      const { headers } = await fetch(`${client.url}/health/live`)
      const off = (Date.parse(headers.get('date') ?? '') - Date.now()) / 1_000
      expect(Math.abs(off - (offs[index] ?? 0))).toBeLessThan(300)
    }
    await two.flow()
    await expect.poll(() => mailServer.mails.length).toBeGreaterThanOrEqual(24)
    const { acknowledged, refused } = await two.end()
    expect(refused).toBe(0)
    const own = await eventsAfter(DATABASE_URL, head)
    expect(own.length).toBeGreaterThan(50)
    expect(falls(own)).toBe(0)
    const times = own.map(({ at }) => at)
    expect(Math.min(...times)).toBeGreaterThan(begun - 60_000)
    expect(Math.max(...times)).toBeLessThan(Date.now() + 60_000)
    expect(new Set(mailServer.mails.map(({ messageId }) => messageId)).size).toBe(24)
    expect(mailServer.mails).toHaveLength(24)
    await annotate(`${acknowledged} acknowledged, heard over both; 24 mails, each once`)
  },
)

test.skipIf(cannotSetClocks)(
  'a clock of the database that jumps by an hour, there and back, stops nothing',
  async ({ annotate }) => {
    const clock = jumpingClock()
    onTestFinished(clock.remove)
    const server = await startPostgres({ environment: clock.environment })
    onTestFinished(server.stop)
    const DATABASE_URL = await migratedDatabaseOf(server)
    const two = await startTwo([{ DATABASE_URL }, { DATABASE_URL }])
    const off = async () => {
      const [{ now }] = await operate(DATABASE_URL, 'select extract(epoch from clock_timestamp()) as now')
      return Math.round((Number(now) - Date.now() / 1_000) / hour) || 0
    }
    for (const seconds of [hour, 0, -hour, 0]) {
      await two.flow()
      clock.jumpTo(seconds)
      await expect.poll(off).toBe(seconds / hour)
    }
    await two.flow()
    // A statement whose timer looks at the clock after a jump is cancelled: it may be sent again.
    const { acknowledged, refused } = await two.end()
    const events = await eventsAfter(DATABASE_URL, 0)
    expect(falls(events)).toBe(0)
    await annotate(`${acknowledged} acknowledged, ${refused} refused with 503; ${events.length} events`)
  },
)
