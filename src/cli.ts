import { parseArgs } from 'node:util'
import { type Config, readConfig } from './config.ts'
import type { Db } from './db/db.ts'
import { migrate } from './db/migrate.ts'
import { openEmbedded, openPostgres } from './db/open.ts'
import { createAgent } from './domain/agent/create.ts'
import { createChannel } from './domain/channel/create.ts'
import { explain, refusal } from './domain/errors.ts'
import { createKey } from './domain/key/create.ts'
import { revokeKey } from './domain/key/revoke.ts'
import { keysOf } from './domain/key/rows.ts'
import { createWorkspace } from './domain/workspace/create.ts'

const usage = `Usage:
  npm run -s migrate
  npm run -s workspaces -- create --name Acme [--id wrk_…]
  npm run -s agents     -- create --workspace wrk_… --name Jo --email jo@example.com
  npm run -s channels   -- create --workspace wrk_… --name Mail --address help@example.com [--source EMAIL|CHAT|FORM|API]
  npm run -s keys       -- create --workspace wrk_… --name ci --scope read [--scope write] [--agent agt_…] [--expires 2027-01-31T00:00:00Z]
  npm run -s keys       -- list   --workspace wrk_…
  npm run -s keys       -- revoke --workspace wrk_… key_…

DATABASE_URL names the Postgres; without it the embedded database in DATA_DIR is used, with the server stopped.`

const options = {
  id: { type: 'string' },
  name: { type: 'string' },
  workspace: { type: 'string' },
  email: { type: 'string' },
  address: { type: 'string' },
  source: { type: 'string' },
  scope: { type: 'string', multiple: true },
  agent: { type: 'string' },
  expires: { type: 'string' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

/** Each command makes its changes in one transaction and returns the text to print. */
const commands: Record<string, (db: Db, values: Values, rest: string[]) => Promise<string>> = {
  migrate: async () => 'The database is up to date.',
  'workspaces create': (db, { id, name }) =>
    db
      .transaction()
      .execute(writer => createWorkspace(writer, { name, ...(id === undefined ? {} : { id }) })),
  'agents create': (db, { workspace = '', name, email = '' }) =>
    db.transaction().execute(writer => createAgent(writer, workspace, { name, email })),
  'channels create': (db, { workspace = '', name, address, source = 'EMAIL' }) =>
    db
      .transaction()
      .execute(writer => createChannel(writer, workspace, { name, address, source: source as 'EMAIL' })),
  async 'keys create'(db, { workspace = '', name, scope = [], agent, expires }) {
    const { secret } = await db.transaction().execute(writer =>
      createKey(writer, workspace, {
        name,
        scopes: scope as ('read' | 'write')[],
        agentId: agent,
        expiresAt: expires === undefined ? undefined : new Date(expires),
      }),
    )
    return secret
  },
  async 'keys list'(db, { workspace = '' }) {
    const keys = await keysOf(db, workspace)
    return keys
      .map(({ id, name, scopes, agentId, expiresAt, revokedAt }) =>
        [
          id,
          name,
          scopes.join(','),
          agentId ?? '-',
          expiresAt ? `expires ${expiresAt.toISOString()}` : 'never expires',
          revokedAt ? `revoked ${revokedAt.toISOString()}` : '',
        ].join('\t'),
      )
      .join('\n')
  },
  async 'keys revoke'(db, { workspace = '' }, [id = '']) {
    await db.transaction().execute(writer => revokeKey(writer, workspace, id))
    return `${id} is revoked.`
  },
}

try {
  const output = await run(process.argv.slice(2), readConfig(process.env))
  if (output) console.log(output)
} catch (error) {
  const refused = explain(error)
  const problems = refused?.problems.map(problem => problem.message)
  console.error(problems?.join('\n') ?? (error instanceof Error ? error.message : error))
  process.exitCode = 1
}

async function run(args: string[], { databaseUrl, dataDir }: Config): Promise<string> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const name = positionals[0] === 'migrate' ? 'migrate' : positionals.slice(0, 2).join(' ')
  const command = commands[name]
  if (!command) throw refusal('INVALID_INPUT', usage)
  const database = databaseUrl ? openPostgres(databaseUrl) : await openEmbedded(dataDir)
  try {
    await migrate(database.db)
    return await command(database.db, values, positionals.slice(2))
  } finally {
    await database.close()
  }
}
