import { sql } from 'kysely'
import type { Db } from './db.ts'

/** Other encodings lack characters that people write, and SQL_ASCII checks nothing. @throws Error for the operator */
export async function requireUtf8(db: Db): Promise<void> {
  const { rows } = await sql<{ encoding: string }>`
    select current_setting('server_encoding') as encoding`.execute(db)
  const encoding = rows[0]?.encoding
  if (encoding !== 'UTF8')
    throw new Error(`The database has the encoding ${encoding}. Create it with the encoding UTF8.`)
}
