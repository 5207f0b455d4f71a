// npm run bench:growth
//
// The inbox page (a) in workspaces of 10 thousand to 3 million conversations, each in a database of its own, in turns.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../test/support/postgres.ts'
import { postmasterOf } from './requests/cpu.ts'
import { prepareDatabase } from './requests/prepare.ts'
import { type Server, start } from './requests/processes.ts'
import { turnSettings } from './requests/settings.ts'
import { type Figures, takeTurns, turn } from './requests/turns.ts'
import { type Work, worksOn } from './requests/works.ts'

const goal = 1.2
const sizes = (process.env.SIZES ?? '10000,100000,1000000,3000000').split(',').map(Number)
const pages = { a: 'first page', 'a-deep': '1,000 pages deep' }

type Contestant = { name: string; server: Server; work: Work; databaseUrl: string }

const postgres = await startPostgres()
const directory = mkdtempSync(join(tmpdir(), 'gateway-growth-'))
const servers: Server[] = []
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

try {
  const postmaster = await postmasterOf(postgres.url('postgres'))
  const all: Contestant[] = []
  for (const size of sizes) {
    const databaseUrl = await newDatabase(`of_${size}`)
    await prepareDatabase(databaseUrl, size)
    const server = await start('gateway', databaseUrl, directory)
    servers.push(server)
    const works = await worksOn(databaseUrl)
    for (const letter of Object.keys(pages)) {
      const work = works[letter]
      if (!work) throw new Error(`There is no work ${letter}.`)
      all.push({ name: `${letter} ${size}`, server, work, databaseUrl })
    }
    console.log(`${size} conversations are there.`)
  }
  const figures = await takeTurns(all, turnSettings(), ({ server, work, databaseUrl }, durationMs) =>
    turn(server, work, { databaseUrl, postmaster, durationMs, sizes: new Map() }),
  )
  for (const [letter, page] of Object.entries(pages)) console.log(tableOf(letter, page, figures))
} finally {
  await Promise.all(servers.map(server => server.stop()))
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
}

async function newDatabase(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.url('postgres') })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return postgres.url(name)
}

function tableOf(letter: string, page: string, figures: Map<string, Figures>): string {
  const lines = [
    '| conversations | p50 ms | × | p99 ms | CPU µs | Postgres µs |',
    '|--:|--:|--:|--:|--:|--:|',
  ]
  const smallest = figures.get(`${letter} ${sizes[0]}`)?.p50Ms ?? Number.NaN
  let ratio = Number.NaN
  for (const size of sizes) {
    const own = figures.get(`${letter} ${size}`)
    if (!own) throw new Error(`${size} conversations were not measured.`)
    ratio = own.p50Ms / smallest
    const times = [own.p50Ms.toFixed(1), ratio.toFixed(2), own.p99Ms.toFixed(1)]
    lines.push(`| ${[size, ...times, own.cpuUs.toFixed(0), own.postgresUs.toFixed(0)].join(' | ')} |`)
  }
  const verdict = `p50 at the largest ≤ ${goal} × the smallest: ${ratio.toFixed(2)}: ${ratio <= goal ? 'yes' : 'no'}`
  return ['', `### ${page}`, '', ...lines, '', verdict].join('\n')
}
