import { type RawBuilder, sql } from 'kysely'
import type { IndexQuery } from './lexemes.ts'

/** A list that is searched, from a place on. */
export type SearchedList<Row> = {
  /** Whether an index gives its rows. Otherwise many others may be read for each of them. */
  isIndexed: boolean
  /** The matching ones among the next `rows` of the list, in its order, as many as are wanted. */
  walk(rows: WalkedRows): Promise<Row[]>
  /** Whether the list has more than `rows` left. */
  isLongerThan(rows: WalkedRows): Promise<boolean>
  /** The matching ones by the index of words, in the order of the list, as many as are wanted. */
  lookUp(): Promise<Row[]>
}

/** For a list that no index gives: very common words fill a page of it after so many. */
const shortWalkRows = 50
/** Takes about as long as looking up a rare word: 1 ms for 500 rows of a million, 3 for 1,500, and 10 for 5,000. */
const firstWalkRows = 500
const longerWalks = [1_500, 5_000] as const
/** A word that two of the first 500 rows have is probably found often enough among so many. */
const hitsForLongerWalk = 2

/** Few, as each is a statement of its own, so that its plan can be kept. */
export type WalkedRows = typeof shortWalkRows | typeof firstWalkRows | (typeof longerWalks)[number]

/**
 * Searches a list by the way that costs least. Words that many rows have fill a page after a short walk along the list.
 * Words that few have are looked up in the index of words, which would name all rows of a common word. A short walk
 * tells which they are: the statistics of the database are of no help with the beginning of a word, or with two words
 * that are common and rarely meet.
 */
export async function search<Row>(list: SearchedList<Row>, wanted: number): Promise<Row[]> {
  let walked: WalkedRows = firstWalkRows
  let found: Row[] = []
  /** Each walk begins anew: rows may have moved since the last one. */
  async function fills(rows: WalkedRows): Promise<boolean> {
    walked = rows
    found = await list.walk(rows)
    return found.length >= wanted
  }

  if (!list.isIndexed && (await fills(shortWalkRows))) return found
  if (await fills(firstWalkRows)) return found
  for (const rows of longerWalks) {
    if (found.length < hitsForLongerWalk) break
    const isExpected = found.length * rows >= wanted * walked
    if ((isExpected || rows === longerWalks.at(-1)) && (await fills(rows))) return found
  }
  return (await list.isLongerThan(walked)) ? list.lookUp() : found
}

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

/** The rows that the index of words names, as a condition. */
export const isNamed = ({ whole, longer }: IndexQuery): RawBuilder<boolean> =>
  longer === null
    ? sql`words @@ ${whole}::tsquery`
    : sql`(words @@ ${whole}::tsquery or words @@ ${longer}::tsquery)`
