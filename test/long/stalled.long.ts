import { expect, test } from 'vitest'
import { forSocketsThatStall } from '../support/stalling.ts'

const { listener, memory, prepare, subscribers } = forSocketsThatStall()

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
const p99 = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN

/** How long 10 readers wait for each of a number of events: the p99, in milliseconds. */
async function delayOf({ key, turn }: Awaited<ReturnType<typeof prepare>>, events: number, others: number) {
  const sent: number[] = []
  const delays: number[] = []
  const readers = await Promise.all(
    Array.from({ length: 10 }, () => {
      let heard = 0
      return listener(key, () => delays.push(performance.now() - (sent[heard++] ?? 0)))
    }),
  )
  await expect.poll(subscribers).toBe(others + readers.length)
  await turn(events, () => sent.push(performance.now()))
  await expect.poll(() => delays.length).toBe(events * readers.length)
  for (const reader of readers) reader.destroy()
  await expect.poll(subscribers).toBe(others)
  return p99(delays)
}

/** What a load measures, and the most memory that the gateway had meanwhile, in bytes. */
async function peakOf(load: () => Promise<number>): Promise<{ delay: number; peak: number }> {
  let peak = await memory()
  const watching = setInterval(async () => {
    peak = Math.max(peak, await memory())
  }, 500)
  const delay = await load().finally(() => clearInterval(watching))
  return { delay, peak }
}

test('50 sockets that stop reading while 10,000 events of 10 kB pass cost the others nothing, and the process little', async () => {
  const workspace = await prepare()
  const turns: { alone: number; beside: number }[] = []
  let before = 0
  let growth = 0
  // In turns, so that other load on the machine is in both. A first turn warms the process up and is not counted. It is as
  // long as the longest, as the young generation grows with the load until it has its size.
  await delayOf(workspace, 1_000, 0)
  for (let index = 0; index < 10; index++) {
    const { delay: alone, peak: peakAlone } = await peakOf(() => delayOf(workspace, 500, 0))
    const stalled = await Promise.all(Array.from({ length: 50 }, () => listener(workspace.key, () => {})))
    await expect.poll(subscribers).toBe(50)
    for (const stream of stalled) stream.pause()
    const { delay: beside, peak } = await peakOf(() => delayOf(workspace, 1_000, 50))
    for (const stream of stalled) stream.destroy()
    await expect.poll(subscribers).toBe(0)
    // What the load alone takes at most is its own. Right after it a collection may have freed that. It is half as long, so
    // the growth may hold some of the load's.
    before = Math.max(before, peakAlone)
    growth = Math.max(growth, peak - before)
    turns.push({ alone, beside })
  }
  const alone = median(turns.map(turn => turn.alone))
  const beside = median(turns.map(turn => turn.beside))
  const ratio = median(turns.map(turn => turn.beside / turn.alone))
  console.log(
    `p99 ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside 50 stalled, ratio ${ratio.toFixed(2)}; RSS ${(before / 2 ** 20).toFixed(0)} MiB +${(growth / 2 ** 20).toFixed(0)} MiB at most`,
  )
  expect(growth / 2 ** 20).toBeLessThanOrEqual(64)
  expect(ratio).toBeLessThan(2)
})
