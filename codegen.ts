import { readFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { generate } from '@graphql-codegen/cli'
import { printSchema } from 'graphql'
import { sql } from 'kysely'
import { generate as generateTables, PostgresDialect, RawExpressionNode } from 'kysely-codegen'
import { connectPGlite } from './src/db/connect.ts'
import type { Db } from './src/db/db.ts'
import { migrate } from './src/db/migrate.ts'
import { schema } from './src/graphql/schema.ts'

const check = process.argv.includes('--check')

await tables('src/db/tables.ts')
await graph()

/** The printed schema, and the types of the questions that the REST shim asks. */
async function graph() {
  const files: { filename: string; content: string }[] = await generate(
    {
      schema: printSchema(schema),
      silent: true,
      errorsOnly: true,
      generates: {
        'schema.graphql': { plugins: ['schema-ast'] },
        'src/rest/documents.ts': {
          documents: 'src/rest/documents.graphql',
          plugins: ['typescript-operations', 'typed-document-node'],
          config: {
            useTypeImports: true,
            scalars: { ID: 'string', DateTime: 'string', EventCursor: 'string' },
          },
        },
      },
    },
    !check,
  )
  if (!check) return
  for (const { filename, content } of files)
    if ((await readFile(filename, 'utf8').catch(() => '')) !== content)
      throw new Error(`${filename} is not what the code says: run npm run codegen.`)
}

/** The row types of a freshly migrated database; enumerations are read from the check constraints. */
async function tables(outFile: string) {
  const { db, close } = await connectPGlite(await PGlite.create())
  try {
    await migrate(db)
    await generateTables({
      db,
      dialect: new PostgresDialect(),
      outFile,
      verify: check,
      excludePattern: 'kysely_*',
      typeMapping: { int8: 'number' },
      overrides: { columns: await enumerations(db) },
    })
  } finally {
    await close()
  }
}

async function enumerations(db: Db): Promise<Record<string, RawExpressionNode>> {
  const { rows } = await sql<{ column: string; check: string; isArray: boolean }>`
    select c.conrelid::regclass || '.' || a.attname as column, pg_get_constraintdef(c.oid) as check,
      a.attndims > 0 as "isArray"
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'c' and cardinality(c.conkey) = 1`.execute(db)
  const columns: Record<string, RawExpressionNode> = {}
  for (const { column, check, isArray } of rows) {
    const union = check.match(/'\w+'(?=::text)/g)?.join(' | ')
    if (union) columns[column] = new RawExpressionNode(isArray ? `(${union})[]` : union)
  }
  return columns
}
