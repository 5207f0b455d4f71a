import pg from 'pg'
import { expect, test } from 'vitest'
import { columnTypes, timeInJson } from '../../src/db/column-types.ts'
import { utcText } from '../../src/graphql/schema/utc-text.ts'

const { TIMESTAMPTZ } = pg.types.builtins

test.for([
  '2024-02-29 23:59:59+00',
  '2024-02-29 23:59:59.1+00',
  '2024-02-29 23:59:59.02+00',
  '2024-02-29 23:59:59.003+00',
  '2024-02-29 23:59:59.999999+00',
  '2024-02-29 23:59:59.123+02',
  '2024-02-29 23:59:59.123-03:30',
  '0099-01-01 00:00:00+00',
  '0044-03-15 12:00:00+00 BC',
  '12024-01-01 00:00:00.5+00',
  'infinity',
  '-infinity',
])('the time %s of a column is read as the driver does', text => {
  const read = columnTypes.getTypeParser(TIMESTAMPTZ)
  expect(read(text)).toEqual(pg.types.getTypeParser(TIMESTAMPTZ)(text))
  // What PostgreSQL writes into JSON has a T, and minutes of the zone.
  const inJson = text.replace(' ', 'T').replace(/([+-]\d\d)(?=$| BC)/, '$1:00')
  expect(timeInJson(inJson)).toEqual(read(text))
})

test.for([
  '2024-02-29T23:59:59.999Z',
  '1000-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.000Z',
  '0999-01-01',
  '+012024-01-01',
])('the time %s is written as the engine does', text =>
  expect(utcText(new Date(text))).toBe(new Date(text).toISOString()),
)

test('every second of a day, and every day of many years, is written as the engine does', () => {
  const start = Date.UTC(1970, 0, 1)
  for (let index = 0; index < 86_400; index++)
    for (const at of [start + index * 1_001, start + index * 86_400_000])
      if (utcText(new Date(at)) !== new Date(at).toISOString()) expect.fail(new Date(at).toISOString())
})

test('a time that is not valid is refused', () => {
  expect(() => utcText(new Date(Number.NaN))).toThrow(RangeError)
})
