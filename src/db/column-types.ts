import pg from 'pg'

const { INT8, TIMESTAMPTZ } = pg.types.builtins
const otherTime = pg.types.getTypeParser(TIMESTAMPTZ)

/** A time in UTC as a session writes it by default, of a year with four digits: by itself, or in JSON. */
const commonTime = /^[1-9]\d{3}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?\+00(:00)?$/

const digit = (text: string, at: number) => text.charCodeAt(at) - 48
const twoDigits = (text: string, at: number) => digit(text, at) * 10 + digit(text, at + 1)

/** The milliseconds of a common time. PostgreSQL writes no zeros at the end, and the driver's own parser drops microseconds. */
function millisecondsOf(text: string): number {
  let milliseconds = 0
  if (text[19] !== '.') return milliseconds
  for (let at = 20, unit = 100; unit >= 1 && text[at] !== '+'; at++, unit /= 10)
    milliseconds += digit(text, at) * unit
  return milliseconds
}

/** A page has hundreds of times. Read digit by digit, a common one takes less than half as long as the engine's own parser. */
function commonTimeOf(text: string): Date | null {
  if (!commonTime.test(text)) return null
  return new Date(
    Date.UTC(
      twoDigits(text, 0) * 100 + twoDigits(text, 2),
      twoDigits(text, 5) - 1,
      twoDigits(text, 8),
      twoDigits(text, 11),
      twoDigits(text, 14),
      twoDigits(text, 17),
      millisecondsOf(text),
    ),
  )
}

const toTime = (text: string): unknown => commonTimeOf(text) ?? otherTime(text)

/** A time that PostgreSQL has written into JSON, where it puts a T between the day and the hour. */
export const timeInJson = (text: string): unknown => commonTimeOf(text) ?? otherTime(text.replace('T', ' '))

/** How the driver reads the values of columns. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    // Sequence numbers and counts stay below 2^53.
    if (oid === INT8) return Number
    return oid === TIMESTAMPTZ && format !== 'binary' ? toTime : pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}
