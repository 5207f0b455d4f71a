import { type CompiledQuery, createQueryId, type QueryExecutorProvider } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { Db, Reader } from './db.ts'
import { type Place, place } from './round-trips.ts'

/** Texts, numbers, lists, times and bytes are values; other objects hold values. */
export type Values = { readonly [name: string]: unknown }

/** What decides the text of a query besides its values. It can be written as JSON. */
export type Shape = { readonly [name: string]: unknown }

/** The texts of one query, of which few are common. */
const maxShapes = 200

/**
 * A query that Kysely builds once for each shape, and that is then only executed with other values: building one takes
 * several times as long as sending it.
 *
 * @param build makes the query. Its `values` stand for the later ones, so it may only compare them with null and put
 *   them into the query. What it does beyond that is the same for all values; arithmetic and text made of them throw.
 *   Which values are null or undefined is part of the shape.
 * @param at the place of the query in its transaction, if it has one
 * @returns a function that executes the query
 */
export function reusable<Through extends Reader, Of extends Values, By extends Shape, Row>(
  build: (
    through: Through,
    values: Of,
    shape: By,
  ) => { compile(through: QueryExecutorProvider): CompiledQuery<Row> },
  at?: Place,
): (through: Through, values: Of, ...shape: Shape extends By ? [] : [By]) => Promise<Row[]> {
  const built = new LRUCache<string, CompiledQuery<Row>>({ max: maxShapes })

  function buildFor(key: string, through: Through, values: Of, shape: By | undefined): CompiledQuery<Row> {
    const db = through as unknown as Db
    const query = build(through, standIns(values, []) as Of, (shape ?? {}) as By).compile(db)
    built.set(key, query)
    return query
  }

  return async (through, values, ...[shape]) => {
    const db = through as unknown as Db
    const pattern = patternOf(values)
    const key = shape === undefined ? pattern : JSON.stringify([shape, pattern])
    const query = built.get(key) ?? buildFor(key, through, values, shape)
    const parameters = query.parameters.map(each => (each instanceof StandIn ? each.valueIn(values) : each))
    if (at) place(parameters, at)
    const { rows } = await db.executeQuery<Row>({
      ...query,
      parameters,
      queryId: createQueryId(),
    })
    return rows
  }
}

/** Stands for a value while a query is built. */
class StandIn {
  readonly #path: readonly string[]

  constructor(path: readonly string[]) {
    this.#path = path
  }

  valueIn(values: Values): unknown {
    return this.#path.reduce<unknown>((within, name) => (within as Values)[name], values)
  }

  [Symbol.toPrimitive](): never {
    throw new Error(`The value ${this.#path.join('.')} is not known while its query is built.`)
  }
}

const holdsValues = (value: unknown): value is Values =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date) && !ArrayBuffer.isView(value)

const standIns = (values: Values, path: readonly string[]): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const below = [...path, name]
      return [name, value == null ? value : holdsValues(value) ? standIns(value, below) : new StandIn(below)]
    }),
  )

/** The names of the values that are not undefined, in their order, and which of them are null. */
function patternOf(values: Values): string {
  let pattern = ''
  for (const name in values) {
    const value = values[name]
    if (value === undefined) continue
    pattern += value === null ? `-${name}` : holdsValues(value) ? `${name}(${patternOf(value)})` : `+${name}`
  }
  return pattern
}
