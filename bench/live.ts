// npm run bench:live [-- throughput | latency | many]
//
// Compares the gateway's live delivery with a bare `ws` server and the stock way, in turns, in one run.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { migrate } from '../src/db/migrate.ts'
import { openPostgres } from '../src/db/open-postgres.ts'
import { createConversation } from '../src/domain/conversation/create.ts'
import { logBounds, toCursor } from '../src/domain/event/cursor.ts'
import { createKey } from '../src/domain/key/create.ts'
import { createWorkspace } from '../src/domain/workspace/create.ts'
import { startPostgres } from '../test/support/postgres.ts'
import type { Crowd } from './clients.ts'
import type { Order, Report } from './server.ts'

const postgres = await startPostgres()
const url = postgres.url('postgres')
const database = openPostgres(url)
await migrate(database.db)

/** A workspace with conversations to change, and a key. */
async function prepare() {
  const { id, secret } = await database.db.transaction().execute(async writer => {
    const id = await createWorkspace(writer, { name: 'Bench' })
    const { secret } = await createKey(writer, id, { name: 'bench', scopes: ['read', 'write'] })
    return { id, secret }
  })
  const actor = { workspaceId: id, id: 'key_bench', keyId: 'key_bench', scopes: ['read', 'write'] as const }
  const operation = { actor, db: database.db, announce() {} }
  const contentText = `Hello, ${'I have a question about my invoice. '.repeat(3)}`
  for (let index = 0; index < 16; index++)
    await createConversation(operation, {
      email: `jane${index}@example.com`,
      name: 'Jane Doe',
      subject: 'A question',
      contentText,
    })
  // Mail is not measured.
  await database.db.updateTable('message').set({ status: 'SENT', next_attempt_at: null }).execute()
  return { id, secret }
}

/** Cursors of the last status changes, oldest first. Each subscriber starts after one of them. */
async function cursors(workspaceId: string): Promise<string[]> {
  const { head } = await logBounds(database.db, workspaceId)
  const changes = await database.db
    .selectFrom('event')
    .select('seq')
    .where('workspace_id', '=', workspaceId)
    .where('type', '=', 'CONVERSATION_STATUS_CHANGED')
    .orderBy('seq', 'desc')
    .limit(5)
    .execute()
  const seqs = changes.length > 0 ? changes.map(({ seq }) => seq).reverse() : [head]
  return seqs.map(seq => toCursor({ workspaceId, seq }))
}

const tell = async <Answer>(child: ChildProcess, message: object | string): Promise<Answer> => {
  child.send(message)
  const [answer] = await once(child, 'message')
  return answer
}

type Workspace = Awaited<ReturnType<typeof prepare>>

async function serve(kind: string, workspace: Workspace): Promise<{ child: ChildProcess; port: number }> {
  const child = fork('bench/server.ts', [kind, url, workspace.id])
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { child, port }
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

type Run = { perSecond: number; cpu: number; rss: number; latencies: number[] }

/**
 * Lets a crowd receive this many events from a server, and returns the measurements. `other`: another instance writes.
 */
async function run(
  kind: string,
  workspace: Workspace,
  {
    count,
    events,
    perSecond = null,
    other = false,
  }: { count: number; events: number; perSecond?: number | null; other?: boolean },
): Promise<Run> {
  const server = await serve(kind, workspace)
  const writer = other ? await serve(kind, workspace) : server
  const clients = fork('bench/clients.ts')
  const afters = kind === 'gateway' ? await cursors(workspace.id) : []
  const noted = perSecond !== null
  const crowd: Crowd = {
    url: `ws://127.0.0.1:${server.port}/graphql`,
    count,
    key: kind === 'bare' ? '' : workspace.secret,
    afters,
    noted,
  }
  await tell(clients, crowd)
  await new Promise(resolve => setTimeout(resolve, 1_000))
  await tell(clients, { expect: events })
  const all = once(clients, 'message') as Promise<[{ receivedAt: number }]>
  const begun = performance.timeOrigin + performance.now()
  const order: Order = { events, perSecond, writers: perSecond === null ? 4 : 2 }
  await tell(writer.child, order)
  const late = AbortSignal.timeout(300_000)
  const [{ receivedAt }] = await Promise.race([
    all,
    once(late, 'abort').then((): never => {
      throw new Error(`${kind}: not everything arrived within 5 minutes.`)
    }),
  ])
  const report = await tell<Report>(writer.child, 'finish')
  const { rss } = await tell<{ rss: number }>(server.child, 'usage').catch(() => ({ rss: report.rss }))
  const arrivals = noted ? await tell<number[][]>(clients, 'arrivals') : []
  const latencies = arrivals.flatMap(times => times.map((time, index) => time - (report.at[index] ?? time)))
  for (const child of new Set([clients, server.child, writer.child])) await end(child)
  return {
    perSecond: (count * events) / ((receivedAt - begun) / 1_000),
    cpu: report.cpu / (count * events),
    rss,
    latencies: latencies.sort((a, b) => a - b),
  }
}

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
const rounded = (value: number, digits = 1) => Number(value.toFixed(digits))

const workspace = await prepare()
const rounds = Number(process.env.ROUNDS ?? 3)
const of = (runs: Run[] | undefined, pick: (run: Run) => number) => median((runs ?? []).map(pick))

/** What one process can deliver, compared with a bare server and the stock way. */
async function throughput(): Promise<void> {
  const results: Record<string, Run[]> = { bare: [], gateway: [], stock: [] }
  for (let round = 0; round < rounds; round++)
    for (const [kind, events] of [
      ['bare', 200],
      ['gateway', 200],
      ['stock', 50],
    ] as const)
      results[kind]?.push(await run(kind, workspace, { count: 2_000, events }))
  const rate = (kind: string) => of(results[kind], each => each.perSecond)
  const cpu = (kind: string) => of(results[kind], each => each.cpu)
  const row = (kind: string) => ({
    'deliveries/s': Math.round(rate(kind)),
    '× bare': rounded(rate(kind) / rate('bare'), 2),
    '× stock': rounded(rate(kind) / rate('stock')),
    'µs CPU': rounded(cpu(kind)),
    '× bare CPU': rounded(cpu(kind) / cpu('bare'), 2),
  })
  console.log(`2,000 subscribers of one workspace, each with its own after; medians of ${rounds} turns`)
  console.table(Object.fromEntries(Object.keys(results).map(kind => [kind, row(kind)])))
}

/** How long it takes from a commit to a subscriber, at a low rate. */
async function latency(): Promise<void> {
  const calm = { count: 500, events: 500, perSecond: 50 }
  const results: Record<string, number[]> = { bare: [], gateway: [], 'other instance': [] }
  for (let round = 0; round < rounds; round++)
    for (const [name, kind, other] of [
      ['bare', 'bare', false],
      ['gateway', 'gateway', false],
      ['other instance', 'gateway', true],
    ] as const)
      results[name]?.push(quantile((await run(kind, workspace, { ...calm, other })).latencies, 0.99))
  const p99 = (name: string) => median(results[name] ?? [])
  const row = (name: string, beside: string) => ({
    'p99 ms': rounded(p99(name)),
    beside,
    ratio: rounded(p99(name) / p99(beside), 2),
  })
  console.log(`500 subscribers, 50 events/s, commit → delivered; medians of ${rounds} turns`)
  console.table({
    bare: row('bare', 'bare'),
    gateway: row('gateway', 'bare'),
    'other instance': row('other instance', 'gateway'),
  })
}

/** What one process can hold. */
async function many(): Promise<void> {
  const { perSecond, rss, cpu } = await run('gateway', workspace, { count: 5_000, events: 1_000 })
  console.log('5,000 subscribers of one process, all of 1,000 events received')
  console.table({
    gateway: {
      'deliveries/s': Math.round(perSecond),
      'RSS MB': Math.round(rss / 1e6),
      'µs CPU': rounded(cpu),
    },
  })
}

const parts = { throughput, latency, many }
const chosen = process.argv.slice(2)
for (const [name, part] of Object.entries(parts))
  if (chosen.length === 0 || chosen.includes(name)) await part()

await database.close()
await postgres.stop()
