import fc from 'fast-check'
import { expect, test } from 'vitest'
import { preview } from '../../src/domain/message/preview.ts'

test('folds white space and keeps what fits', () => {
  expect(preview('  Hi\n\nJane,\tall is well. ')).toBe('Hi Jane, all is well.')
  expect(preview('x'.repeat(140))).toBe('x'.repeat(140))
})

test('cuts at the last space that leaves room for the dots', () => {
  expect(preview(`${'x'.repeat(137)} yyyy`)).toBe(`${'x'.repeat(137)}...`)
  expect(preview(`${'x'.repeat(100)} ${'y'.repeat(100)}`)).toBe(`${'x'.repeat(100)}...`)
})

test('cuts hard where there is no space, between code points', () => {
  expect(preview('x'.repeat(141))).toBe(`${'x'.repeat(137)}...`)
  expect(preview('😀'.repeat(200))).toBe(`${'😀'.repeat(137)}...`)
})

test('is at most 140 code points long and begins as the text does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), text => {
      const short = preview(text)
      expect([...short].length).toBeLessThanOrEqual(140)
      expect(text.trim().replace(/\s+/gu, ' ')).toContain(short.endsWith('...') ? short.slice(0, -3) : short)
    }),
  )
})

test('cuts no character that a reader sees as one', () => {
  const family = '👨‍👩‍👧‍👦'
  const codePoints = [...family].length
  expect(preview(family.repeat(50))).toBe(`${family.repeat(Math.floor(137 / codePoints))}...`)
  const flags = '🇩🇪'.repeat(100)
  expect(preview(flags)).toBe(`${'🇩🇪'.repeat(68)}...`)
  const accents = 'e\u0301'.repeat(100)
  expect(preview(accents)).toBe(`${'e\u0301'.repeat(68)}...`)
  expect(preview('x'.repeat(136) + family)).toBe(`${'x'.repeat(136)}...`)
})

test('cuts a character without end, and 100,000 of them as fast as 1,000', () => {
  const endless = `a${'\u0301'.repeat(99_999)}`
  expect(preview(endless)).toBe(`a${'\u0301'.repeat(136)}...`)
  const timeOf = (length: number) => {
    const text = '👨‍👩‍👧‍👦'.repeat(length / 10)
    const began = performance.now()
    for (let index = 0; index < 50; index++) preview(text)
    return performance.now() - began
  }
  timeOf(1_000)
  expect(timeOf(100_000)).toBeLessThan(300 * timeOf(1_000) + 1_000)
})
