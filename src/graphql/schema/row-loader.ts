import DataLoader from 'dataloader'
import { isId } from '../../domain/id.ts'
import type { Noun } from '../../domain/nouns.ts'

/** Batches what is loaded by ids within a turn of the event loop. */
export type RowLoader<Id, Row> = {
  load(id: Id): Promise<Row>
  /** Keeps a row that was read otherwise. The first one stays. */
  prime(id: Id, row: Row): void
  /** A row that was primed; undefined: there is none. It spares a promise for each row of a page. */
  known(id: Id): Row | undefined
}

const maxBatchSize = 500

/** One row by its id, or null. A text that cannot be an id of the noun never reaches the database. */
export function byId<Row extends { id: string }>(
  noun: Noun,
  rows: (ids: readonly string[]) => Promise<Row[]>,
) {
  return loaderOf<string, Row | null>(async ids => {
    const possible = ids.filter(id => isId(noun, id))
    const found = new Map(possible.length ? (await rows(possible)).map(row => [row.id, row]) : [])
    return ids.map(id => found.get(id) ?? null)
  })
}

export const loaderOf = <Id, Row>(rows: BatchRows<Id, Row>): RowLoader<Id, Row> => new LazyLoader(rows)

type BatchRows<Id, Row> = (ids: readonly Id[]) => Promise<Row[]>

/** A loader that takes its memory when it is first used: thousands of events may be executed at once, with few loaders each. */
class LazyLoader<Id, Row> implements RowLoader<Id, Row> {
  readonly #rows: BatchRows<Id, Row>
  #loader: DataLoader<Id, Row> | null = null
  #primed: Map<Id, Row> | null = null

  constructor(rows: BatchRows<Id, Row>) {
    this.#rows = rows
  }

  async load(id: Id): Promise<Row> {
    const primed = this.#primed?.get(id)
    if (primed !== undefined) return primed
    this.#loader ??= new DataLoader(this.#rows, { maxBatchSize })
    return this.#loader.load(id)
  }

  prime(id: Id, row: Row): void {
    this.#primed ??= new Map()
    if (!this.#primed.has(id)) this.#primed.set(id, row)
  }

  known(id: Id): Row | undefined {
    return this.#primed?.get(id)
  }
}

/** Loads with another loader, unless its answer reads nothing more. */
export class SharedLoader<Id, Row> implements RowLoader<Id, Row> {
  readonly #loader: RowLoader<Id, Row>
  readonly #reading: () => void

  constructor(loader: RowLoader<Id, Row>, reading: () => void) {
    this.#loader = loader
    this.#reading = reading
  }

  async load(id: Id): Promise<Row> {
    this.#reading()
    return this.#loader.load(id)
  }

  prime(id: Id, row: Row): void {
    this.#loader.prime(id, row)
  }

  known(id: Id): Row | undefined {
    this.#reading()
    return this.#loader.known(id)
  }
}

/** One loader per set of arguments, so that parents with the same arguments share a statement. */
export function perArguments<Args, Value>(
  load: (args: Args) => (ids: readonly string[]) => Promise<Value[]>,
) {
  let loaders: Map<string, DataLoader<string, Value>> | null = null
  return (args: Args): DataLoader<string, Value> => {
    loaders ??= new Map()
    const key = JSON.stringify(args)
    const loader = loaders.get(key) ?? new DataLoader(load(args), { maxBatchSize })
    loaders.set(key, loader)
    return loader
  }
}
