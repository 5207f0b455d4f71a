import type { ServerName } from './processes.ts'
import type { Figures, Results } from './turns.ts'

type Measure = keyof Figures

/** What the gateway must reach: so many times the figure of another server, at most or at least. */
type Goal = {
  work: string
  measure: Measure
  /** The server that must reach it. The default is the gateway. */
  by?: ServerName
  of: ServerName
  factor: number
  isAtLeast?: boolean
}

const mercurius = 'Mercurius 16 + JIT'
const apollo = 'Apollo Server 5'
const postgraphile = 'PostGraphile 5'

const goals: Goal[] = [
  { work: 'a', measure: 'cpuUs', of: 'bare', factor: 1 },
  { work: 'a', measure: 'postgresUs', of: 'bare', factor: 1 },
  { work: 'a', measure: 'cpuUs', of: mercurius, factor: 1 },
  { work: 'a', measure: 'postgresUs', of: mercurius, factor: 1 },
  { work: 'a', measure: 'cpuUs', of: apollo, factor: 0.4 },
  { work: 'a', measure: 'cpuUs', of: postgraphile, factor: 0.4 },
  { work: 'a', measure: 'perSecond', of: mercurius, factor: 1, isAtLeast: true },
  { work: 'a', measure: 'perSecond', of: apollo, factor: 1, isAtLeast: true },
  { work: 'a', measure: 'perSecond', of: postgraphile, factor: 1, isAtLeast: true },
  ...['b', 'e'].flatMap((work): Goal[] => [
    { work, measure: 'cpuUs', of: 'bare', factor: 1.2 },
    { work, measure: 'cpuUs', of: mercurius, factor: 1 },
    { work, measure: 'cpuUs', of: apollo, factor: 1 },
  ]),
  { work: 'c', measure: 'cpuUs', of: 'Fastify + pg', factor: 1.3 },
  ...['d-one', 'd-twenty'].flatMap((work): Goal[] => [
    { work, measure: 'perSecond', of: 'by hand', factor: 0.85, isAtLeast: true },
    { work, measure: 'p99Ms', of: 'by hand', factor: 1.5 },
  ]),
  { work: 'f', measure: 'perSecond', by: 'gateway, kept answers', of: 'bare', factor: 5, isAtLeast: true },
  {
    work: 'g',
    measure: 'perSecond',
    by: 'gateway over WebSocket',
    of: 'gateway',
    factor: 1.2,
    isAtLeast: true,
  },
]

const measures: Record<Measure, string> = {
  perSecond: 'requests/s',
  p50Ms: 'p50',
  p99Ms: 'p99',
  cpuUs: 'CPU',
  postgresUs: 'CPU of Postgres',
}

/** One line for each goal, and a last one that says which hold. */
export function verdict(results: ReadonlyMap<string, Results>): string {
  const judged = goals.map(goal => {
    const { work, measure, by = 'gateway', of, factor, isAtLeast = false } = goal
    const [own, other] = [results.get(work)?.get(by), results.get(work)?.get(of)]
    const ratio = own && other ? own[measure] / other[measure] : Number.NaN
    const holds = Number.isNaN(ratio) ? null : isAtLeast ? ratio >= factor : ratio <= factor
    const text = `(${work}) ${measures[measure]} ${isAtLeast ? '≥' : '≤'} ${factor} × ${of}`
    return {
      text,
      holds,
      shown: holds === null ? 'not measured' : `${ratio.toFixed(2)}: ${holds ? 'yes' : 'no'}`,
    }
  })
  const count = (holds: boolean | null) => judged.filter(goal => goal.holds === holds).length
  return [
    '### Goals',
    '',
    ...judged.map(({ text, shown }) => `- ${text}: ${shown}`),
    '',
    `${count(true)} of ${judged.length} goals hold, ${count(false)} do not, ${count(null)} were not measured.`,
  ].join('\n')
}
