import fc from 'fast-check'
import { expect, test } from 'vitest'
import { preview } from '../src/domain/message/preview.ts'

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
