import { parseArgs } from 'node:util'
import { type Config, readConfig } from './config.ts'
import type { Db } from './db/db.ts'
import { migrate } from './db/migrate.ts'
import { openEmbedded, openPostgres } from './db/open.ts'
import { createAgent } from './domain/agent/create.ts'
import { renameAgent } from './domain/agent/rename.ts'
import { createChannel } from './domain/channel/create.ts'
import { renameChannel } from './domain/channel/rename.ts'
import { deactivateAgent } from './domain/conversation/deactivate-agent.ts'
import { explain, refusal } from './domain/errors.ts'
import { createKey } from './domain/key/create.ts'
import { revokeKey } from './domain/key/revoke.ts'
import { keysOf } from './domain/key/rows.ts'
import type { Scope } from './domain/operation.ts'
import { createWorkspace } from './domain/workspace/create.ts'
import { repairCounts, type WrongCount, wrongCounts } from './domain/workspace/recount.ts'

const usage = `Usage:
  npm run -s migrate
  npm run -s workspaces -- create --name Acme [--id wrk_…]
  npm run -s agents     -- create --workspace wrk_… --name Jo --email jo@example.com
  npm run -s agents     -- rename --workspace wrk_… --name Joan agt_…
  npm run -s agents     -- deactivate --workspace wrk_… agt_…
  npm run -s channels   -- create --workspace wrk_… --name Mail --address help@example.com [--source EMAIL|CHAT|FORM|API]
  npm run -s channels   -- rename --workspace wrk_… --name Post chn_…
  npm run -s keys       -- create --workspace wrk_… --name ci --scope read [--scope write] [--scope admin] [--agent agt_…] [--expires 2027-01-31T00:00:00Z]
  npm run -s keys       -- list   --workspace wrk_…
  npm run -s keys       -- revoke --workspace wrk_… key_…
  npm run -s counts     -- verify --workspace wrk_…
  npm run -s counts     -- repair --workspace wrk_…

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

const linesOf = (wrong: readonly WrongCount[]): string =>
  wrong
    .map(({ of, name, kept, counted }) => `${of}: ${name} is kept as ${kept}, and there are ${counted}.`)
    .join('\n')

/** A command of an operator may take long. */
const statementTimeoutMs = 600_000

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
  async 'agents rename'(db, { workspace = '', name }, [agentId = '']) {
    return db.transaction().execute(writer => renameAgent(writer, workspace, { agentId, name }))
  },
  async 'agents deactivate'(db, { workspace: workspaceId = '' }, [agentId = '']) {
    // Other processes find the events by themselves within a second.
    const operation = { db, announce() {} }
    await deactivateAgent(operation, { workspaceId, actorId: null, agentId })
    return `${agentId} is deactivated.`
  },
  async 'channels rename'(db, { workspace = '', name }, [channelId = '']) {
    return db.transaction().execute(writer => renameChannel(writer, workspace, { channelId, name }))
  },
  async 'counts verify'(db, { workspace = '' }) {
    const wrong = await wrongCounts(db, workspace)
    if (wrong.length > 0) throw new Error(linesOf(wrong))
    return 'The counts are right.'
  },
  async 'counts repair'(db, { workspace = '' }) {
    const wrong = await db.transaction().execute(writer => repairCounts(writer, workspace))
    return wrong.length > 0 ? `${linesOf(wrong)}\nThe counts are mended.` : 'The counts were right.'
  },
  async 'keys create'(db, { workspace = '', name, scope = [], agent, expires }) {
    const { secret } = await db.transaction().execute(writer =>
      createKey(writer, workspace, {
        name,
        scopes: scope as Scope[],
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
  const database = databaseUrl
    ? openPostgres(databaseUrl, { statementTimeoutMs })
    : await openEmbedded(dataDir)
  try {
    await migrate(database.db)
    return await command(database.db, values, positionals.slice(2))
  } finally {
    await database.close()
  }
}
