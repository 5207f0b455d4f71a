import { parseArgs } from 'node:util'
import { commands, options } from './commands.ts'
import { type Config, readConfig } from './config.ts'
import { migrate } from './db/migrate.ts'
import { openEmbedded } from './db/open-embedded.ts'
import { openPostgres } from './db/open-postgres.ts'
import { explain, refusal } from './domain/errors.ts'
import { reasonOf } from './runtime/reason.ts'

/** A command of an operator may take long. */
const statementTimeoutMs = 600_000

const usage = `Usage:
  npm run -s migrate    [-- --citus]
  npm run -s workspaces -- create --name Acme [--id wrk_…]
  npm run -s workspaces -- list
  npm run -s agents     -- create --workspace wrk_… --name Jo --email jo@example.com
  npm run -s agents     -- list   --workspace wrk_…
  npm run -s agents     -- rename --workspace wrk_… --name Joan agt_…
  npm run -s agents     -- deactivate --workspace wrk_… agt_…
  npm run -s channels   -- create --workspace wrk_… --name Mail --address help@example.com [--source EMAIL|CHAT|FORM|API]
  npm run -s channels   -- list   --workspace wrk_…
  npm run -s channels   -- rename --workspace wrk_… --name Post chn_…
  npm run -s keys       -- create --workspace wrk_… --name ci --scope read [--scope write] [--scope admin] [--agent agt_…] [--expires 2027-01-31T00:00:00Z|90m|12h|30d]
  npm run -s keys       -- list   --workspace wrk_…
  npm run -s keys       -- revoke --workspace wrk_… key_…
  npm run -s counts     -- verify --workspace wrk_…
  npm run -s counts     -- repair --workspace wrk_…
  npm run -s log        -- new-epoch [--workspace wrk_…]

DATABASE_URL names the Postgres, or DATABASE_DIRECT_URL where a pooler is in between; without it the embedded database in DATA_DIR is used, with the server stopped.`

try {
  const output = await run(process.argv.slice(2), readConfig(process.env))
  if (output) console.log(output)
} catch (error) {
  const refused = explain(error)
  const problems = refused?.problems.map(problem => problem.message)
  console.error(
    [problems?.join('\n') ?? reasonOf(error), refused?.code === 'UNAVAILABLE' ? reasonOf(error) : '']
      .filter(Boolean)
      .join(' '),
  )
  process.exitCode = 1
}

async function run(args: string[], { directDatabaseUrl, dataDir }: Config): Promise<string> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  if (values.help) return usage
  const name = positionals[0] === 'migrate' ? 'migrate' : positionals.slice(0, 2).join(' ')
  const command = commands[name]
  if (!command) throw refusal('INVALID_INPUT', usage)
  if (command.ofWorkspace && !values.workspace) throw refusal('INVALID_INPUT', '--workspace must be given.')
  const database = directDatabaseUrl
    ? openPostgres(directDatabaseUrl, { statementTimeoutMs })
    : await openEmbedded(dataDir)
  try {
    await migrate(database.db)
    return await command.run(database.db, values, positionals.slice(2))
  } finally {
    await database.close()
  }
}
