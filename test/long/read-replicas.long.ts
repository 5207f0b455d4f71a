import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { client, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { pause } from '../support/resuming-clients.ts'

const reads = Number(process.env.READS ?? 10_000)
const workspaces = 24
const readsAtOnce = 40
const lagMs = 5_000
const statuses = ['OPEN', 'CLOSED', 'ARCHIVED'] as const

const read = 'query ($id: ID!) { conversation(id: $id) { status } }'
const write = `mutation ($id: ID!, $status: ConversationStatus!) {
  setConversationStatus(input: { conversationId: $id, status: $status }) { cursor }
}`

/** Two gateways on one database with one replica; the second one keeps no answers. */
async function twoGateways(primary: PostgresServer, replica: PostgresServer) {
  const start = async (maxKeptAnswerBytes: number) => {
    const copy = openPostgres(replica.url('postgres'), { statementTimeoutMs: 10_000 })
    onTestFinished(copy.close)
    return startGateway({
      database: openPostgres(primary.url('postgres'), { statementTimeoutMs: 10_000, poolWaitMs: 10_000 }),
      replicas: [copy],
      limits: { maxKeptAnswerBytes, maxCostPerMinute: 1_000_000_000 },
    })
  }
  const gateways = [await start(32 * 1024 * 1024), await start(0)] as const
  onTestFinished(async () => void (await Promise.all(gateways.map(gateway => gateway.close()))))
  return gateways
}

async function readsOf({ url }: { url: string }): Promise<Record<'replica' | 'behind' | 'away', number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const of = (outcome: string) =>
    Number(new RegExp(`gateway_replica_reads_total{outcome="${outcome}"} (\\d+)`).exec(text)?.[1])
  return { replica: of('replica'), behind: of('behind'), away: of('away') }
}

async function lagging() {
  const primary = await startPostgres()
  onTestFinished(primary.stop)
  const database = openPostgres(primary.url('postgres'))
  await migrate(database.db)
  await database.close()
  const replica = await primary.startReplica()
  const operator = openPostgres(replica.url('postgres'))
  await sql`alter system set recovery_min_apply_delay = ${sql.lit(lagMs)}`.execute(operator.db)
  await sql`select pg_reload_conf()`.execute(operator.db)
  await operator.close()
  return { primary, replica }
}

test(`${reads} reads beside a replica that lags 5 seconds show what was written before each`, async ({
  annotate,
}) => {
  const { primary, replica } = await lagging()
  onTestFinished(replica.stop)
  const gateways = await twoGateways(primary, replica)
  let left = reads
  let stale = 0

  async function writeAndRead(): Promise<void> {
    const { client: writer } = await newWorkspace(gateways[0])
    const { id } = await newConversation(writer)
    const readers = gateways.map(gateway => client(gateway.url, writer.key))
    async function readAll(expected: string): Promise<void> {
      left -= readsAtOnce
      const asked = Array.from({ length: readsAtOnce }, (_, index) =>
        (readers[index % 2] ?? writer).graphql<{ conversation: { status: string } }>(read, { id }),
      )
      for (const { data, errors } of await Promise.all(asked)) {
        expect(errors ?? []).toEqual([])
        if (data.conversation.status !== expected) stale++
      }
    }
    for (let round = 1; left > 0; round++) {
      const status = statuses[round % statuses.length] ?? 'OPEN'
      await writer.graphql(write, { id, status })
      await readAll(status)
      // Then the replica has it, too.
      await pause(lagMs + Math.random() * 1_000)
      await readAll(status)
    }
  }
  await Promise.all(Array.from({ length: workspaces }, writeAndRead))

  const counts = await Promise.all([readsOf(gateways[0]), readsOf(gateways[1])])
  await annotate(`${reads - left} reads, ${stale} stale; ${JSON.stringify(counts)}`)
  expect(stale).toBe(0)
  // The first one answers most of them from memory.
  expect(counts[1].replica).toBeGreaterThan(reads / 10)
  expect(counts[1].behind).toBeGreaterThan(reads / 10)
})

test('a replica that goes away takes nothing but its help with it', async () => {
  const { primary, replica } = await lagging()
  const [, gateway] = await twoGateways(primary, replica)
  const { client: caller } = await newWorkspace(gateway)
  const { id } = await newConversation(caller)
  const isHelping = async () => {
    await caller.graphql(read, { id })
    return (await readsOf(gateway)).replica > 0
  }
  await expect.poll(isHelping).toBe(true)
  const asking = Array.from({ length: 8 }, async () => {
    const answers: unknown[] = []
    while (answers.length < 200) answers.push((await caller.graphql(read, { id })).data)
    return answers
  })
  await pause(100)
  await replica.stop()
  const answers = (await Promise.all(asking)).flat()
  expect(new Set(answers.map(data => JSON.stringify(data)))).toEqual(
    new Set([JSON.stringify({ conversation: { status: 'OPEN' } })]),
  )
  expect((await readsOf(gateway)).away).toBeGreaterThan(0)
})
