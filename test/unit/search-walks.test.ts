import { expect, test } from 'vitest'
import { type SearchedList, search } from '../../src/domain/search/probe.ts'

const wanted = 21

type Given = { rows: number; every: number; everyOfFirst?: number; isIndexed?: boolean }

/** A list of so many rows, of which one in `every` has the words, or `everyOfFirst` of the first 500, and what was asked of it. */
function searchedList({ rows, every, everyOfFirst = every, isIndexed = true }: Given) {
  const asked: string[] = []
  const row = (n: number) => ({ id: `${n}`, at: new Date(n) })
  const all = Array.from({ length: rows }, (_, index) => index + 1)
  const matching = all.filter(n => n % (n <= 500 ? everyOfFirst : every) === 0)
  const between = (from: number, upTo: number) =>
    matching
      .filter(n => n > from && n <= upTo)
      .slice(0, wanted)
      .map(row)
  const list: SearchedList<ReturnType<typeof row>> = {
    isIndexed,
    async walk(length, from) {
      asked.push(`walk ${length}`)
      const begin = Number(from?.id ?? 0)
      const end = begin + length
      return { found: between(begin, end), end: rows < end ? null : row(end) }
    },
    async lookUp() {
      asked.push('look up')
      return between(0, rows)
    },
  }
  return { list, asked, found: between(0, rows) }
}

test.for<[string, Given, string[]]>([
  ['a word that all have fills the page at once', { rows: 100_000, every: 1 }, ['walk 250']],
  ['a word of every tenth fills it after 250 rows', { rows: 100_000, every: 10 }, ['walk 250']],
  [
    'a word of every fiftieth fills it after a longer walk',
    { rows: 100_000, every: 50 },
    ['walk 250', 'walk 1000'],
  ],
  [
    'a word of every hundredth fills it after a tenth more than it needs',
    { rows: 100_000, every: 100 },
    ['walk 250', 'walk 2613'],
  ],
  [
    'a word of every 200th is walked by 250 more, and then further',
    { rows: 100_000, every: 200 },
    ['walk 250', 'walk 250', 'walk 5225'],
  ],
  [
    'a word that is a little rarer than it seemed fills it after another walk',
    { rows: 100_000, every: 200, everyOfFirst: 100 },
    ['walk 250', 'walk 2613', 'walk 1000'],
  ],
  [
    'a word that is much rarer than it seemed is looked up',
    { rows: 100_000, every: 1_000, everyOfFirst: 200 },
    ['walk 250', 'walk 250', 'walk 5225', 'look up'],
  ],
  ['a word of every 400th is looked up', { rows: 100_000, every: 400 }, ['walk 250', 'look up']],
  ['a rare word is looked up', { rows: 100_000, every: 10_000 }, ['walk 250', 'look up']],
  [
    'a list without an index is first walked by 50 rows',
    { rows: 100_000, every: 2, isIndexed: false },
    ['walk 50'],
  ],
  [
    'a list without an index is walked by 250 more when 50 do not fill the page',
    { rows: 100_000, every: 10, isIndexed: false },
    ['walk 50', 'walk 250'],
  ],
  ['a list that ends is not walked further', { rows: 40, every: 8 }, ['walk 250']],
  ['nor is one of 200 rows', { rows: 200, every: 60 }, ['walk 250']],
  ['a list without the word is not looked up when it ends', { rows: 200, every: 1_000 }, ['walk 250']],
  [
    'a list that ends within a longer walk is not looked up',
    { rows: 4_000, every: 200 },
    ['walk 250', 'walk 250', 'walk 5225'],
  ],
])('%s', async ([, given, steps]) => {
  const { list, asked, found } = searchedList(given)
  expect(await search(list, wanted)).toEqual(found)
  expect(asked).toEqual(steps)
})

test('what has moved between two walks is found once', async () => {
  const { list, found } = searchedList({ rows: 100_000, every: 50 })
  const walk: typeof list.walk = async (rows, from) => {
    const walked = await list.walk(rows, from)
    return from === null ? walked : { ...walked, found: [...found.slice(0, 2), ...walked.found] }
  }
  expect(await search({ ...list, walk }, wanted)).toEqual(found)
})

test('50 rows are not walked for a page of 50', async () => {
  const { list, asked } = searchedList({ rows: 100_000, every: 1, isIndexed: false })
  await search(list, 51)
  expect(asked[0]).toBe('walk 250')
})
