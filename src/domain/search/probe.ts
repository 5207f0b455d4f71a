import { sql } from 'kysely'

/** A list that is searched, from a place on. */
export type SearchedList<Row> = {
  /** The matching ones among the next `rows` of the list, in its order, as many as are wanted. */
  walk(rows: number): Promise<Row[]>
  /** Whether the list has more than `rows` left. */
  isLongerThan(rows: number): Promise<boolean>
  /** The matching ones by the index of words, in the order of the list, as many as are wanted. */
  lookUp(): Promise<Row[]>
}

/** Takes about as long as looking up a rare word (1.4 ms for 500 rows of a million). */
const firstWalkRows = 500
/** A word that two of the first 500 rows have is probably found often enough among so many. */
const longWalkRows = 5_000
const hitsForLongWalk = 2

/**
 * Searches a list by the way that costs least. Words that many rows have fill a page after a short walk along the list.
 * Words that few have are looked up in the index of words, which would name all rows of a common word. A short walk
 * tells which they are: the statistics of the database are of no help with the beginning of a word, or with two words
 * that are common and rarely meet.
 */
export async function search<Row>(list: SearchedList<Row>, wanted: number): Promise<Row[]> {
  // The second walk begins anew: rows may have moved since the first one.
  for (const rows of [firstWalkRows, longWalkRows]) {
    const found = await list.walk(rows)
    if (found.length >= wanted || !(await list.isLongerThan(rows))) return found
    if (found.length < hitsForLongWalk) break
  }
  return list.lookUp()
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
