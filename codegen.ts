import { readFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { generate } from '@graphql-codegen/cli'
import { printSchema } from 'graphql'
import { sql } from 'kysely'
import { generate as generateTables, PostgresDialect, RawExpressionNode } from 'kysely-codegen'
import type { Db } from './src/db/db.ts'
import { migrate } from './src/db/migrate.ts'
import { openPGlite } from './src/db/open-embedded.ts'
import { schema } from './src/graphql/schema/schema.ts'

const check = process.argv.includes('--check')

await tables('src/db/tables.ts')
await graph()

/** Writes the printed schema, and the types of the documents of REST and of an example; with --check compares them. */
async function graph() {
  const files: { filename: string; content: string }[] = await generate(
    {
      schema: printSchema(schema),
      silent: true,
      errorsOnly: true,
      generates: {
        'schema.graphql': { plugins: ['schema-ast'] },
        'src/rest/documents.ts': documents('src/rest/documents.graphql'),
        'examples/typescript-client/documents.ts': documents('examples/typescript-client/documents.graphql'),
      },
    },
    !check,
  )
  if (!check) return
  for (const { filename, content } of files)
    if ((await readFile(filename, 'utf8').catch(() => '')) !== content)
      throw new Error(`${filename} is not what the code says: run npm run codegen.`)
}

/** Types and documents for the operations of a file. */
function documents(path: string) {
  return {
    documents: path,
    plugins: ['typescript-operations', 'typed-document-node'],
    config: {
      useTypeImports: true,
      scalars: { ID: 'string', DateTime: 'string', EventCursor: 'string' },
    },
  }
}

/** Writes the row types of a freshly migrated database; enumerations are read from the check constraints. */
async function tables(outFile: string) {
  const { db, close } = await openPGlite(await PGlite.create())
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
  const { rows } = await sql<{ column: string; check: string; isArray: boolean; hasDefault: boolean }>`
    select c.conrelid::regclass || '.' || a.attname as column, pg_get_constraintdef(c.oid) as check,
      a.attndims > 0 as "isArray", a.atthasdef as "hasDefault"
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'c' and cardinality(c.conkey) = 1`.execute(db)
  const columns: Record<string, RawExpressionNode> = {}
  for (const { column, check, isArray, hasDefault } of rows) {
    const union = check.match(/'\w+'(?=::text)/g)?.join(' | ')
    if (union === undefined) continue
    const type = isArray ? `(${union})[]` : union
    columns[column] = new RawExpressionNode(hasDefault ? `Generated<${type}>` : type)
  }
  return columns
}
