import { expect } from 'vitest'
import { collectGarbage } from './collect-garbage.ts'
import { requireNoLeak } from './fuzz/answers.ts'
import type { Gateway, Workspace } from './gateway.ts'
import { test as base } from './live-fixtures.ts'

/** What came back: in short, such as `400 LIMIT_EXCEEDED`, and the whole text. */
export type Came = { outcome: string; text: string }

/** The gateway, and the workspace whose key the attacker has. */
export type Target = { gateway: Gateway; acme: Workspace }

export type Attack = (target: Target) => Promise<Came>

/** One attack of a table: what is done, what comes back, and how it is done. */
export type Row = [name: string, outcome: string, attack: Attack]

/** `target` has a new workspace for each attack; `sizeBefore` is what the process held before the first one. */
export const test = base
  .extend('target', ({ gateway, acme }): Target => ({ gateway, acme }))
  .extend('sizeBefore', { scope: 'file', auto: true }, async ({ gateway }): Promise<number> => {
    // What is loaded with the first requests is no growth.
    for (let index = 0; index < 20; index++) await fetch(`${gateway.url}/graphql`)
    return sizeNow()
  })

/** The test of one row of a table. */
export async function isAnswered([, outcome, attack]: Row, { target }: { target: Target }): Promise<void> {
  expect(await outcomeOf(target, attack)).toBe(outcome)
}

const tries = 5
/** What a busy machine needs for a small request at times. `ATTACK_FLOOR_MS=0` measures without it on a quiet one. */
const floorMs = Number(process.env.ATTACK_FLOOR_MS ?? 1_000)
const timesTrivial = 10
const maxGrowthBytes = 50e6

/**
 * Runs an attack and returns its outcome. It may take at most ten times as long as a trivial query beside it, or a
 * second, and shows nothing of the gateway's inside. The best of five times counts.
 *
 * @param waitsMs how long the gateway waits for the attacker by its settings
 */
export async function outcomeOf(target: Target, attack: Attack, waitsMs = 0): Promise<string> {
  let boundMs = 0
  const outcomes = new Set<string>()
  let bestMs = Number.POSITIVE_INFINITY
  for (let index = 0; index < tries && bestMs > boundMs; index++) {
    boundMs = Math.max(boundMs, waitsMs + Math.max(floorMs, timesTrivial * (await trivialMs(target))))
    const began = performance.now()
    const { outcome, text } = await attack(target)
    bestMs = Math.min(bestMs, performance.now() - began)
    outcomes.add(outcome)
    requireNoLeak(text)
  }
  expect(bestMs, 'the milliseconds of the attack').toBeLessThanOrEqual(boundMs)
  return [...outcomes].join(' or ')
}

let trivialQueries = 0

/** The median time of a trivial query. Each is new, as attacks are: a kept answer would measure the cache. */
async function trivialMs({ acme }: Target): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < 5; index++) {
    const query = `{ query${trivialQueries++}: workspace { name } }`
    const began = performance.now()
    const { status } = await acme.client.graphql(query)
    expect(status).toBe(200)
    times.push(performance.now() - began)
  }
  return times.sort((one, other) => one - other)[2] ?? 0
}

/** Checks that the gateway answers as before, and holds no more than before. */
export async function requireUnharmed({ gateway, acme }: Target, sizeBefore: number): Promise<void> {
  for (const probe of ['live', 'ready'])
    expect((await fetch(`${gateway.url}/health/${probe}`)).status).toBe(200)
  expect(await acme.client.graphql('{ workspace { name } }')).toMatchObject({
    status: 200,
    data: { workspace: { name: 'Acme' } },
  })
  // What sockets held is freed some turns after they have closed.
  await expect.poll(() => sizeNow() - sizeBefore).toBeLessThan(maxGrowthBytes)
}

/** The bytes in use after a collection. */
function sizeNow(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** The status of an answer and the codes in its text, each once. */
export const shortOf = (status: number | string, text: string): string =>
  [String(status), ...new Set([...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code))].join(' ')

/** Sends a request with the attacker's key. */
export async function send(
  { acme }: Target,
  path: string,
  { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Came> {
  const { url, authorization } = acme.client
  const response = await fetch(`${url}${path}`, {
    redirect: 'manual',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    ...init,
  })
  const text = await response.text()
  return { outcome: shortOf(response.status, text), text }
}

/** Posts a body to the graph. */
export const post =
  (body: BodyInit, headers: Record<string, string> = {}): Attack =>
  target =>
    send(target, '/graphql', { method: 'POST', body, headers })

/** Posts an operation to the graph. */
export const sendQuery = (query: string, variables: Record<string, unknown> = {}): Attack =>
  post(JSON.stringify({ query, variables }))

/** The same text for each number from 0. */
export const each = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')
