import { describe, expect, test } from 'vitest'
import { type Answers, createAnswerMemory } from '../../src/live/answer-memory.ts'

describe('the answer memory', () => {
  const text = 'x'.repeat(1_000)
  const make = async () => ({ text, cursor: null })

  test('forgets an answer after its lifetime, and makes it again when it is needed later', async () => {
    const memory = createAnswerMemory({ lifetimeMs: 2_000 })
    const answers = memory.answers()
    let made = 0
    const count = () => {
      made++
      return make()
    }
    for (const seq of [1, 2, 2]) await answers.get(seq, null, count)
    expect(made).toBe(2)
    expect(memory.characters()).toBeGreaterThan(2 * text.length)
    await expect.poll(memory.characters).toBe(0)
    await answers.get(2, null, count)
    expect(made).toBe(3)
    await expect.poll(memory.characters).toBe(0)
  })

  test('is bounded over all broadcasts, and forgets the oldest answer first', async () => {
    const memory = createAnswerMemory({ maxCharacters: 20_000 })
    const broadcasts = Array.from({ length: 100 }, () => memory.answers())
    for (const answers of broadcasts) {
      await answers.get(1, null, make)
      expect(memory.characters()).toBeLessThanOrEqual(20_000)
    }
    const isKept = async (answers: Answers | undefined) => {
      let made = false
      const remake = () => {
        made = true
        return make()
      }
      await answers?.get(1, null, remake)
      return !made
    }
    expect(await isKept(broadcasts.at(-1))).toBe(true)
    expect(await isKept(broadcasts[0])).toBe(false)
  })

  test('keeps no answer that has failed', async () => {
    const memory = createAnswerMemory()
    const answers = memory.answers()
    const failing = answers.get(1, null, () => Promise.reject(new Error('away')))
    await expect(failing).rejects.toThrow('away')
    expect(memory.characters()).toBe(0)
    expect((await answers.get(1, null, make)).text).toBe(text)
  })

  test('waits for no answer that another payer may have to wait for, and keeps the first one for all', async () => {
    const answers = createAnswerMemory().answers()
    const { promise, resolve } = Promise.withResolvers<{ text: string; cursor: null }>()
    const poor = answers.get(1, 'poor', () => promise)
    expect((await answers.get(1, null, make)).text).toBe(text)
    const again = () => Promise.reject(new Error('made again'))
    expect((await answers.get(1, 'other', again)).text).toBe(text)
    resolve({ text: 'late', cursor: null })
    expect((await poor).text).toBe('late')
  })
})
