import fc from 'fast-check'

const environment = process.env

/** The seed of a run. The same seed gives the same values, so a failure can be seen again. */
const seed = Number(environment.SEED ?? 20_250_312)

/** The number of runs, scaled by `FUZZ_RUNS`: 0.1 is a tenth, 10 is ten times as many. */
const scaled = (runs: number): number => Math.ceil(runs * Number(environment.FUZZ_RUNS ?? 1))

/**
 * Checks a property with this number of generated values, in parallel lanes with a seed each. A failure is shrunk, and
 * its report has the seed and the path. `SEED=… FUZZ_PATH=…` runs only that value, in the first lane.
 */
export async function inLanes<Value>(
  { runs, lanes }: { runs: number; lanes: number },
  arbitrary: fc.Arbitrary<Value>,
  check: (value: Value, lane: number) => Promise<void>,
): Promise<void> {
  const { FUZZ_PATH: path } = environment
  const count = path === undefined ? lanes : 1
  const numRuns = Math.ceil(scaled(runs) / count)
  const ended = await Promise.allSettled(
    Array.from({ length: count }, (_, lane) =>
      fc.assert(
        fc.asyncProperty(arbitrary, value => check(value, lane)),
        { seed: seed + lane, numRuns, ...(path === undefined ? {} : { path }) },
      ),
    ),
  )
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason
}

/** Counts outcomes by name. */
export function tally() {
  const counts = new Map<string, number>()
  return {
    add: (outcome: string) => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1),
    /** What part of all outcomes has this name. */
    share(outcome: string): number {
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
      return (counts.get(outcome) ?? 0) / total
    },
    /** The outcomes in one line, most frequent first. */
    line: () =>
      [...counts]
        .sort(([, one], [, other]) => other - one)
        .map(([outcome, count]) => `${outcome} ${count}`)
        .join(', '),
  }
}
