import { type RawBuilder, sql } from 'kysely'
import type { IndexQuery } from './lexemes.ts'

/** What a walk along a list has found. `isWhole`: the list has no further rows. */
export type Walked<Row> = { found: Row[]; isWhole: boolean }

/** A list that is searched, from a place on. */
export type SearchedList<Row> = {
  /** Whether an index gives its rows. Otherwise many others may be read for each of them. */
  isIndexed: boolean
  /** The matching ones among the next `rows` of the list, in its order, as many as are wanted. */
  walk(rows: WalkRows): Promise<Walked<Row>>
  /** The matching ones by the index of words, in the order of the list, as many as are wanted. */
  lookUp(): Promise<Row[]>
}

/** For a list that no index gives: after so many rows, a word that most have fills a small page. */
const shortWalkRows = 50
/** Takes about as long as looking up a rare word: 1 ms for 500 rows of a million, 3 for 1,500, and 10 for 5,000. */
const middleWalkRows = 500
const longerWalks = [1_500, 3_000, 5_000] as const
/** A word that two of 500 rows have is probably found often enough by a longer walk. */
const hitsForLongerWalk = 2

/** How far a list is walked. Few, as a kept walk has its length in its text. */
export type WalkRows = typeof shortWalkRows | typeof middleWalkRows | (typeof longerWalks)[number]

/**
 * Searches a list by the way that costs least. Words that many rows have fill a page after a short walk along the list.
 * Words that few have are looked up in the index of words, which would name all rows of a common word. A short walk
 * tells which they are: the statistics of the database are of no help with the beginning of a word, or with two words
 * that are common and rarely meet.
 */
export async function search<Row>(list: SearchedList<Row>, wanted: number): Promise<Row[]> {
  let rows: WalkRows = shortWalkRows
  let walked: Walked<Row> = { found: [], isWhole: false }
  /** Begins anew, as rows may have moved since the last walk. Returns whether nothing more is to be found. */
  async function ends(next: WalkRows): Promise<boolean> {
    rows = next
    walked = await list.walk(next)
    return walked.found.length >= wanted || walked.isWhole
  }

  const isShort = !list.isIndexed && wanted <= shortWalkRows
  if (isShort && (await ends(shortWalkRows))) return walked.found
  if (await ends(middleWalkRows)) return walked.found
  for (const next of walked.found.length < hitsForLongerWalk ? [] : longerWalks) {
    const isExpected = walked.found.length * next >= wanted * rows
    if ((isExpected || next === longerWalks.at(-1)) && (await ends(next))) return walked.found
  }
  return list.lookUp()
}

/**
 * What a walk has found, from rows that each tell the length of what was walked. A row whose id is null says that there is
 * none with the words.
 */
export const walkedOf = <Row extends { id: string }>(
  rows: readonly { id: string | null; walkedRows: number }[],
  walked: WalkRows,
): Walked<Row> => ({
  found: rows.filter(({ id }) => id !== null) as readonly object[] as Row[],
  isWhole: (rows[0]?.walkedRows ?? 0) < walked,
})

/**
 * How words are looked up: by their index whatever the planner expects, and with the memory to remember each row of a
 * common word instead of each page. Starting further processes takes longer than they save.
 */
export const lookUpSettings = {
  enable_seqscan: 'off',
  max_parallel_workers_per_gather: '0',
  work_mem: '64MB',
}

/**
 * The rows of the workspace, as a condition that no index has: the words themselves lead to the rows of one workspace, and
 * the primary key would lead to all of them. An index compares by its own collation and by no other.
 */
export const ofWorkspace = (workspaceId: string) =>
  sql<boolean>`workspace_id collate "default" = ${workspaceId}`

/** The rows that have words of this query, as a condition that the index of words can answer. */
export const hasWords = ({ whole, longer }: IndexQuery): RawBuilder<boolean> =>
  longer === null
    ? sql`words @@ ${whole}::tsquery`
    : sql`(words @@ ${whole}::tsquery or words @@ ${longer}::tsquery)`
