import { startChanging } from './changing.ts'
import { compare, type Sizes } from './compare.ts'
import { cpuMs, postgresCpuMs } from './cpu.ts'
import { workspaces } from './dataset.ts'
import { load, openHttp } from './load.ts'
import { headersOf, type Request } from './operations.ts'
import { type Server, type ServerName, start } from './processes.ts'
import { openWebSocket } from './web-socket.ts'
import type { Work } from './works.ts'

const { authorization } = headersOf(workspaces.large)

/** What one server did in one turn, or the medians of its turns; times in milliseconds, CPU in microseconds a request. */
export type Figures = {
  perSecond: number
  p50Ms: number
  p99Ms: number
  cpuUs: number
  /** NaN: PostgreSQL runs elsewhere. */
  postgresUs: number
}

export type Results = Map<ServerName, Figures>

export type Settings = {
  databaseUrl: string
  /** A directory for the gateway's files. */
  directory: string
  /** The first process of PostgreSQL; null: it runs elsewhere. */
  postmaster: number | null
  turns: number
  turnMs: number
  warmUpMs: number
}

/** Starts the servers of a work, compares their answers, and lets them work in turns: A B C, A B C and so on. */
export async function measure(work: Work, settings: Settings): Promise<Results> {
  const servers: Server[] = []
  try {
    for (const name of work.servers) servers.push(await start(name, settings.databaseUrl, settings.directory))
    const sizes = await compare(servers, work)
    return await takeTurns(servers, settings, (server, durationMs) =>
      turn(server, work, { ...settings, durationMs, sizes: sizes.get(server.name) ?? new Map() }),
    )
  } finally {
    await Promise.all(servers.map(server => server.stop()))
  }
}

/** Lets several work in turns after each has warmed up. Returns the medians of each by its name. */
export async function takeTurns<Working extends { name: string }>(
  all: readonly Working[],
  { turns, turnMs, warmUpMs }: Pick<Settings, 'turns' | 'turnMs' | 'warmUpMs'>,
  turnOf: (working: Working, durationMs: number) => Promise<Figures>,
): Promise<Map<Working['name'], Figures>> {
  for (const each of all) await turnOf(each, warmUpMs)
  const figures = new Map<Working['name'], Figures[]>(all.map(({ name }) => [name, []]))
  for (let round = 0; round < turns; round++)
    for (const each of all) figures.get(each.name)?.push(await turnOf(each, turnMs))
  return new Map([...figures].map(([name, each]) => [name, mediansOf(each)]))
}

/** What a server does in so many milliseconds. */
export async function turn(
  { name, pid, url }: Server,
  { requests, own, changes }: Work,
  {
    databaseUrl,
    postmaster,
    durationMs,
    sizes,
  }: Pick<Settings, 'postmaster' | 'databaseUrl'> & { durationMs: number; sizes: Sizes },
): Promise<Figures> {
  const postgresMs = () => (postmaster === null ? Number.NaN : postgresCpuMs(postmaster))
  const open = () => (name === 'gateway over WebSocket' ? openWebSocket(url, authorization) : openHttp(url))
  const next = typeof requests === 'function' ? requests : inTurns(own?.[name] ?? requests)
  const changing = changes ? await startChanging(databaseUrl) : null
  const before = { server: cpuMs(pid), postgres: postgresMs() }
  // Changes may make an answer longer or shorter.
  const options = { durationMs, changing, sizes: changing ? new Map() : sizes }
  const done = await load(open, next, options).finally(() => changing?.stop())
  const perRequestUs = (ms: number) => (ms * 1_000) / done.requests
  const sorted = Float64Array.from(done.latenciesMs).sort()
  const quantile = (q: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
  return {
    perSecond: done.requests / done.seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuUs: perRequestUs(cpuMs(pid) - before.server),
    postgresUs: perRequestUs(postgresMs() - before.postgres),
  }
}

function inTurns(requests: readonly Request[]): () => Request {
  let sent = 0
  return () => {
    const request = requests[sent++ % requests.length]
    if (!request) throw new Error('There is nothing to ask for.')
    return request
  }
}

const mediansOf = (turns: readonly Figures[]): Figures => ({
  perSecond: median(turns.map(each => each.perSecond)),
  p50Ms: median(turns.map(each => each.p50Ms)),
  p99Ms: median(turns.map(each => each.p99Ms)),
  cpuUs: median(turns.map(each => each.cpuUs)),
  postgresUs: median(turns.map(each => each.postgresUs)),
})

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}
