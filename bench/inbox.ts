// npm run bench:inbox
//
// The lists and searches of an inbox, of 10 thousand and of a million conversations, each in a database of its own: their
// plans, and how long each takes beside the plain first page, in turns.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { CompiledQuery } from 'kysely'
import pg from 'pg'
import { openPostgres } from '../src/db/open-postgres.ts'
import { conversationPage } from '../src/domain/conversation/list.ts'
import { inboxFilter, inboxFilters, planOf } from '../test/support/plans.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { workspaces } from './requests/dataset.ts'
import { planted, plantInbox } from './requests/inbox-dataset.ts'
import { type Connection, openHttp } from './requests/load.ts'
import { headersOf, type Request } from './requests/operations.ts'
import { prepareDatabase } from './requests/prepare.ts'
import { type Server, start } from './requests/processes.ts'
import { settingOf } from './requests/settings.ts'

const sizes = (process.env.SIZES ?? '10000,1000000').split(',').map(Number)
const rounds = settingOf('ROUNDS', 40)
/** `SEARCHES=0`: lists only. Making a million conversations searchable takes longer than everything else. */
const hasSearches = process.env.SEARCHES !== '0'
const latencyGoal = 1.3
const searchGoal = 5

const document = `query ($filter: ConversationFilter, $orderBy: ConversationOrder) {
  conversations(first: 20, filter: $filter, orderBy: $orderBy) {
    edges { node { id status isUnread subject lastMessageAt contact { name email } assignedTo { name } } }
    pageInfo { hasNextPage endCursor } } }`

const byCreation = { field: 'CREATED_AT', direction: 'DESC' }

const requestOf = (variables: object): Request => ({
  method: 'POST',
  path: '/graphql',
  headers: { ...headersOf(workspaces.large), 'content-type': 'application/json' },
  body: JSON.stringify({ query: document, variables }),
})

/** What is asked, by its name: each filter of the inbox, and a search for words of each frequency. */
const requests = new Map<string, Request>([
  ...Object.entries(inboxFilters).map(
    ([name, { byCreation: isByCreation, ...filter }]): [string, Request] => [
      name,
      requestOf({ filter, orderBy: isByCreation ? byCreation : null }),
    ],
  ),
  ...Object.entries(hasSearches ? planted : {}).map(([name, search]): [string, Request] => [
    `search ${name}`,
    requestOf({ filter: { search } }),
  ]),
])

const postgres = process.env.POSTGRES_URL ? null : await startPostgres()
const urlOf = (name: string) => (process.env.POSTGRES_URL ?? postgres?.url('{}') ?? '').replace('{}', name)
const directory = mkdtempSync(join(tmpdir(), 'gateway-inbox-'))
const servers: Server[] = []
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

type Asked = { latencies: Map<string, number[]> }

try {
  const measured = new Map<number, Asked & { connection: Connection }>()
  for (const size of sizes) {
    if (postgres) await fill(`of_${size}`, size)
    const server = await start('gateway', urlOf(`of_${size}`), directory)
    servers.push(server)
    measured.set(size, { latencies: new Map(), connection: await openHttp(server.url) })
  }
  for (let round = -5; round < rounds; round++)
    for (const [name, request] of requests)
      for (const { latencies, connection } of measured.values()) {
        const begun = performance.now()
        await connection.send(request)
        if (round >= 0) latencies.set(name, [...(latencies.get(name) ?? []), performance.now() - begun])
      }
  for (const { connection } of measured.values()) await connection.close()
  console.log(tableOfLatencies(measured))
  console.log(await tableOfPlans(urlOf(`of_${sizes.at(-1)}`)))
} finally {
  await Promise.all(servers.map(server => server.stop()))
  await postgres?.stop()
  rmSync(directory, { recursive: true, force: true })
}

async function fill(name: string, size: number): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres') })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  await prepareDatabase(urlOf(name), size)
  const seconds = await plantInbox(urlOf(name), hasSearches)
  console.log(`${size} conversations are there. Making them searchable took ${seconds.toFixed(0)} s.`)
}

function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN
}

function tableOfLatencies(measured: Map<number, Asked>): string {
  const [smallest, largest] = [measured.get(sizes[0] ?? 0), measured.get(sizes.at(-1) ?? 0)]
  if (!smallest || !largest) throw new Error('There are no sizes.')
  const of = ({ latencies }: Asked, name: string, at: number) => quantile(latencies.get(name) ?? [], at)
  const plain = of(largest, 'no filter', 0.5)
  const lines = [...requests.keys()].map(name => {
    const [small, large] = [of(smallest, name, 0.5), of(largest, name, 0.5)]
    const p95 = of(largest, name, 0.95)
    const ratio = name.startsWith('search') ? p95 / plain : large / small
    const isReached = ratio <= (name.startsWith('search') ? searchGoal : latencyGoal)
    const figures = [small, large, p95].map(ms => ms.toFixed(1))
    return `| ${[name, ...figures, ratio.toFixed(2), isReached ? 'yes' : 'no'].join(' | ')} |`
  })
  return [
    '',
    `Times in milliseconds. The ratio of a list is its p50 at ${sizes.at(-1)} ÷ at ${sizes[0]} (goal ${latencyGoal}); of a search, its p95 ÷ the p50 of the plain first page (goal ${searchGoal}).`,
    '',
    `| list | p50 at ${sizes[0]} | p50 at ${sizes.at(-1)} | p95 at ${sizes.at(-1)} | ratio | reached |`,
    '|---|--:|--:|--:|--:|---|',
    ...lines,
  ].join('\n')
}

async function tableOfPlans(databaseUrl: string): Promise<string> {
  const queries: CompiledQuery[] = []
  const { reserved, close } = openPostgres(databaseUrl, { log: ({ query }) => void queries.push(query) })
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const lines: string[] = []
  for (const name of Object.keys(inboxFilters)) {
    queries.length = 0
    const page = { size: 20, backward: false, after: null, before: null }
    const along = { contact: true, agent: true }
    await conversationPage(reserved, workspaces.large, { ...inboxFilter(name), page, along })
    const [query] = queries
    if (!query) throw new Error('Nothing was executed.')
    const { sorted, isScanned, read, returned } = await planOf(client, query)
    const isReached = !isScanned && Math.max(read, sorted) <= 2 * returned + 50
    lines.push(`| ${[name, read, sorted, returned, isReached ? 'yes' : 'no'].join(' | ')} |`)
  }
  await Promise.all([client.end(), close()])
  return ['', '| list | rows read | rows sorted | shown | reached |', '|---|--:|--:|--:|---|', ...lines].join(
    '\n',
  )
}
