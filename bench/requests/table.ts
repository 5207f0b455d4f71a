import type { Figures, Results } from './turns.ts'
import type { Work } from './works.ts'

const columns: Record<string, (own: Figures, baseline: Figures) => string> = {
  'requests/s': own => own.perSecond.toFixed(0),
  '×': (own, baseline) => (own.perSecond / baseline.perSecond).toFixed(2),
  'p50 ms': own => own.p50Ms.toFixed(1),
  'p99 ms': own => own.p99Ms.toFixed(1),
  'CPU µs': own => own.cpuUs.toFixed(0),
  'CPU ×': (own, baseline) => (own.cpuUs / baseline.cpuUs).toFixed(2),
  'Postgres µs': own => own.postgresUs.toFixed(0),
  'Postgres ×': (own, baseline) => (own.postgresUs / baseline.postgresUs).toFixed(2),
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** The figures of a work as a Markdown table; each × is a ratio to its baseline, which comes first. */
export function tableOf(letter: string, { title, baseline }: Work, results: Results): string {
  const base = results.get(baseline)
  if (!base) throw new Error(`${baseline} was not measured.`)
  const head = ['server', ...Object.keys(columns)]
  const rows = [...results].map(([name, own]) => [
    name,
    ...Object.values(columns).map(cell => cell(own, base)),
  ])
  const lines = [head, ['---', ...Object.keys(columns).map(() => '--:')], ...rows].map(row)
  return [`### (${letter}) ${title}`, '', ...lines, ''].join('\n')
}
