import pg from 'pg'

/** A connection of the driver, with what `@types/pg` leaves out. */
type Connection = pg.Connection & { describe(message: unknown): void }

/** The parts of a result that say how its rows are read. */
type Columns = { fields: unknown; _parsers: unknown; _prebuiltEmptyResultObject: unknown }

/** A query of the driver, with what `@types/pg` leaves out. */
type Query = pg.Submittable & {
  name?: string
  _result: Columns
  _accumulateRows: boolean
  hasBeenParsed(connection: Connection): boolean
  prepare(connection: Connection): void
  handleCommandComplete(message: unknown, connection: Connection): void
}

type Done = (error: Error | null | undefined, result: unknown) => void

const DriversQuery = pg.Query as unknown as new (text: string, values: unknown[], done: Done) => Query

/** What is known of a connection. */
type Known = {
  /** By the names of statements; null: it returns no rows. */
  columns: Map<string, Columns | null>
  /** Whether the connection asks for descriptions. */
  asks: boolean
}

const connections = new WeakMap<Connection, Known>()

function knownOf(connection: Connection): Known {
  const before = connections.get(connection)
  if (before) return before
  const known: Known = { columns: new Map(), asks: true }
  const describe = connection.describe.bind(connection)
  connection.describe = message => {
    if (known.asks) describe(message)
  }
  connections.set(connection, known)
  return known
}

/**
 * A query that asks for the columns of a prepared statement once for each connection. The driver asks with each execution,
 * and making, sending and reading the description takes a fifteenth of the CPU of a query of 21 rows. Columns cannot
 * change: the server of the session fails the execution instead, with an error of its routine
 * `RevalidateCachedQuery`.
 */
export class PreparedQuery extends DriversQuery {
  override prepare(connection: Connection): void {
    const known = knownOf(connection)
    const columns = this.hasBeenParsed(connection) ? known.columns.get(this.name ?? '') : undefined
    if (columns) {
      Object.assign(this._result, columns)
      // The driver does so when the description comes: rows are for the callback.
      this._accumulateRows = true
    }
    known.asks = columns === undefined
    try {
      super.prepare(connection)
    } finally {
      known.asks = true
    }
  }

  /** An execution that fails tells nothing of its columns. */
  override handleCommandComplete(message: unknown, connection: Connection): void {
    super.handleCommandComplete(message, connection)
    const { columns } = knownOf(connection)
    if (this.name === undefined || columns.has(this.name)) return
    const { fields, _parsers, _prebuiltEmptyResultObject } = this._result
    const hasRows = _prebuiltEmptyResultObject !== null
    columns.set(this.name, hasRows ? { fields, _parsers, _prebuiltEmptyResultObject } : null)
  }
}
