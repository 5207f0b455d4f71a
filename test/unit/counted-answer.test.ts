import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Answer } from '../../src/live/answer.ts'
import { countedAnswer } from '../../src/live/counted-answer.ts'
import { createQuota } from '../../src/runtime/quota.ts'
import { collectGarbage } from '../support/collect-garbage.ts'

const { signal } = new AbortController()

function makeAnswers() {
  const made: WeakRef<Answer>[] = []
  const make = async () => {
    const answer = { text: 'x'.repeat(60), cursor: null }
    made.push(new WeakRef(answer))
    return answer
  }
  return { made, make }
}

test('an answer that finds room is made once, and counts until it is sent', async () => {
  const unsent = createQuota(100)
  const { made, make } = makeAnswers()
  const { answer, sent } = await countedAnswer(unsent, 'key', make, signal)
  expect(answer.text).toHaveLength(60)
  expect(made).toHaveLength(1)
  expect(unsent.take('key', 60)).toBeNull()
  sent()
  expect(unsent.take('key', 60)).not.toBeNull()
})

test('an answer that must wait for room is not held meanwhile, and is made again', async () => {
  const unsent = createQuota(100)
  const { made, make } = makeAnswers()
  const release = unsent.hold('key', 60)
  const waiting = countedAnswer(unsent, 'key', make, signal)
  // An object that a WeakRef was made for lives until the end of its turn.
  await nextTurn()
  await expect
    .poll(() => {
      collectGarbage()
      return made.map(each => each.deref())
    })
    .toEqual([undefined])
  release()
  expect((await waiting).answer.text).toHaveLength(60)
  expect(made).toHaveLength(2)
})

test('room for an answer that cannot be made again is given back', async () => {
  const unsent = createQuota(100)
  const { made, make } = makeAnswers()
  const release = unsent.hold('key', 60)
  const makeOnce = () => {
    if (made.length > 0) throw new Error('unavailable')
    return make()
  }
  const waiting = countedAnswer(unsent, 'key', makeOnce, signal)
  await nextTurn()
  release()
  await expect(waiting).rejects.toThrow('unavailable')
  expect(unsent.take('key', 100)).not.toBeNull()
})
