import { type RawBuilder, sql } from 'kysely'
import type { Keyset } from '../page.ts'
import type { IndexQuery } from './lexemes.ts'

/** What a walk along a list has found. `end`: its last row, whether it has the words or not; null: the list ends there. */
export type Walked<Row> = { found: Row[]; end: Keyset | null }

/** A list that is searched, from a place on. */
export type SearchedList<Row> = {
  /** Whether an index gives its rows. Otherwise many others may be read for each of them. */
  isIndexed: boolean
  /** The matching ones among the next `rows` of the list behind a row, in its order, as many as are wanted. */
  walk(rows: number, from: Keyset | null): Promise<Walked<Row>>
  /** The matching ones by the index of words, in the order of the list, as many as are wanted. */
  lookUp(): Promise<Row[]>
}

/** For a list that no index gives: after so many rows, a word that most have fills a small page. */
const shortWalkRows = 50
/** 250 rows of a million take 1.5 ms, less than looking up a rare word. */
const firstWalkRows = 250
/** A word that so many rows of a short walk have is probably found often enough by a longer one. */
const hitsForLongerWalk = 2
/** A longer walk goes a tenth further than it is expected to need, so that it rarely has to go on. */
const walkMargin = 1.1
/** A longer walk has at least so many rows: what few rows tell is not precise, and a round trip takes as long as 400 rows. */
const leastWalkRows = 1_000
/** All walks of a search together: further ones would take longer than looking the words up. */
export const maxWalkedRows = 8_000

/**
 * Searches a list by the way that costs least. Words that many rows have fill a page after a short walk along the list.
 * Words that few have are looked up in the index of words, which would name all rows of a common word. A short walk
 * tells which they are: the statistics of the database are of no help with the beginning of a word, or with two words
 * that are common and rarely meet.
 */
export async function search<Row extends { id: string }>(
  list: SearchedList<Row>,
  wanted: number,
): Promise<Row[]> {
  const found: Row[] = []
  let walkedRows = 0
  let from: Keyset | null = null
  /** Walks on. Returns whether nothing more is to be found. */
  async function ends(rows: number): Promise<boolean> {
    const walked: Walked<Row> = await list.walk(rows, from)
    // A row that has moved since the last walk may come again, or be missed on this page, as between two pages.
    const known = new Set(found.map(({ id }) => id))
    found.push(...walked.found.filter(({ id }) => !known.has(id)))
    walkedRows += rows
    from = walked.end
    return found.length >= wanted || from === null
  }

  const isShort = !list.isIndexed && wanted <= shortWalkRows
  const isDone = (isShort && (await ends(shortWalkRows))) || (await ends(firstWalkRows))
  if (isDone) return found.slice(0, wanted)
  // One match may be chance: as many rows again tell.
  if (found.length === 1 && (await ends(firstWalkRows))) return found.slice(0, wanted)
  while (found.length >= hitsForLongerWalk) {
    const needed = ((wanted - found.length) * walkedRows) / found.length
    const rows = Math.max(leastWalkRows, Math.round(needed * walkMargin))
    if (walkedRows + rows > maxWalkedRows) break
    if (await ends(rows)) return found.slice(0, wanted)
  }
  return list.lookUp()
}

/** What each row of a walk tells of the whole walk: its length, and its last row. */
export type WalkEnd = { walkedRows: number; endAt: Date | null; endId: string | null }

/**
 * What a walk has found, from rows that each tell its end. A row whose id is null says that there is none with the words.
 */
export function walkedOf<Row extends { id: string }>(
  rows: readonly ({ id: string | null } & WalkEnd)[],
  walked: number,
): Walked<Row> {
  const found = rows.filter(({ id }) => id !== null) as readonly object[] as Row[]
  const [{ walkedRows, endAt, endId } = { walkedRows: 0, endAt: null, endId: null }] = rows
  const isWhole = walkedRows < walked || endAt === null || endId === null
  return { found, end: isWhole ? null : { at: endAt, id: endId } }
}

/**
 * How a list is walked that an index gives: in the order of that index, by a plan that PostgreSQL makes once. It would sort
 * all rows of a list if it expected fewer than are walked.
 */
export const walkSettings = { enable_sort: 'off', plan_cache_mode: 'force_generic_plan' }

/**
 * How words are looked up: by their index whatever the planner expects, and with the memory to remember each row of a
 * common word instead of each page. Starting further processes takes longer than they save.
 */
export const lookUpSettings = {
  enable_seqscan: 'off',
  max_parallel_workers_per_gather: '0',
  work_mem: '64MB',
  plan_cache_mode: 'force_generic_plan',
}

/**
 * The rows of the workspace, as a condition that no index has: the words themselves lead to the rows of one workspace, and
 * the primary key would lead to all of them. An index compares by its own collation and by no other.
 */
export const ofWorkspace = (workspaceId: string) =>
  sql<boolean>`workspace_id collate "default" = ${workspaceId}`

/** The rows that have words of this query, as a condition that the index of words can answer. */
export const hasWords = ({ whole, longer }: Pick<IndexQuery, 'whole' | 'longer'>): RawBuilder<boolean> =>
  longer === null
    ? sql`words @@ ${whole}::tsquery`
    : sql`(words @@ ${whole}::tsquery or words @@ ${longer}::tsquery)`
