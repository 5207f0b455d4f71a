import { setImmediate as soon } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createMailQueue } from '../../src/mail/inbound/mail-queue.ts'

/** MailQueue whose work ends when the test says so, and the order in which it began. */
function observed(options: Parameters<typeof createMailQueue>[0]) {
  const queue = createMailQueue(options)
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const run = (workspaceId: string, name: string) =>
    queue.run(workspaceId, () => {
      begun.push(name)
      return new Promise<string>(resolve => ends.set(name, () => resolve(name)))
    })
  const end = async (name: string) => {
    ends.get(name)?.()
    await soon()
  }
  return { run, end, begun }
}

test('workspaces take turns, and one with nothing running comes first', async () => {
  const { run, end, begun } = observed({ maxAtOnce: 2, maxWaiting: 10, maxWaitingOfOne: 10 })
  for (const name of ['a1', 'a2', 'a3', 'a4']) void run('a', name)
  for (const name of ['b1', 'b2']) void run('b', name)
  void run('c', 'c1')
  await soon()
  expect(begun).toEqual(['a1', 'a2'])
  for (const name of ['a1', 'a2', 'b1', 'c1', 'a3']) await end(name)
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'c1', 'b2', 'a4'])
})

test('work that fails gives its place to the next', async () => {
  const queue = createMailQueue({ maxAtOnce: 1, maxWaiting: 10, maxWaitingOfOne: 10 })
  const failed = queue.run('a', () => Promise.reject(new Error('no')))
  const next = queue.run('a', async () => 'done')
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('done')
})

test('only so much work may wait, and less of one workspace', async () => {
  const { run } = observed({ maxAtOnce: 1, maxWaiting: 3, maxWaitingOfOne: 2 })
  const isTaken = ['a', 'a', 'a', 'a', 'b', 'b', 'c'].map((id, index) => run(id, `${id}${index}`) !== null)
  expect(isTaken).toEqual([true, true, true, false, true, false, false])
})
