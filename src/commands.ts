import type { parseArgs } from 'node:util'
import { distribute } from './db/citus.ts'
import type { Db } from './db/db.ts'
import { createAgent } from './domain/agent/create.ts'
import { renameAgent } from './domain/agent/rename.ts'
import { agentPage } from './domain/agent/rows.ts'
import { createChannel } from './domain/channel/create.ts'
import { renameChannel } from './domain/channel/rename.ts'
import { channelPage } from './domain/channel/rows.ts'
import { deactivateAgent } from './domain/conversation/deactivate-agent.ts'
import { notFound, refusal } from './domain/errors.ts'
import { beginEpoch } from './domain/event/epoch.ts'
import { createKey } from './domain/key/create.ts'
import { revokeKey } from './domain/key/revoke.ts'
import { keysOf } from './domain/key/rows.ts'
import type { Scope } from './domain/operation.ts'
import type { Page } from './domain/page.ts'
import { createWorkspace } from './domain/workspace/create.ts'
import { repairCounts, type WrongCount, wrongCounts } from './domain/workspace/recount.ts'
import { allWorkspaces } from './domain/workspace/rows.ts'

/** The options of all commands. */
export const options = {
  help: { type: 'boolean', short: 'h' },
  id: { type: 'string' },
  name: { type: 'string' },
  workspace: { type: 'string' },
  email: { type: 'string' },
  address: { type: 'string' },
  source: { type: 'string' },
  scope: { type: 'string', multiple: true },
  agent: { type: 'string' },
  expires: { type: 'string' },
  citus: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const linesOf = (wrong: readonly WrongCount[]): string =>
  wrong
    .map(({ of, name, kept, counted }) => `${of}: ${name} is kept as ${kept}, and there are ${counted}.`)
    .join('\n')

type Run = (db: Db, values: Values, rest: string[]) => Promise<string>

/** Makes its changes in one transaction, and returns the text to print. `ofWorkspace`: it needs `--workspace`. */
type Command = { run: Run; ofWorkspace: boolean }

const ofAll: Record<string, Run> = {
  async migrate(db, { citus = false }) {
    if (!citus) return 'The database is up to date.'
    const tables = await distribute(db)
    return tables.length > 0 ? `Distributed: ${tables.join(', ')}.` : 'All tables are distributed.'
  },
  async 'workspaces list'(db) {
    return table(await allWorkspaces(db), ({ id, name }) => [id, name])
  },
  async 'log new-epoch'(db, { workspace = null }) {
    const workspaces = await db.transaction().execute(writer => beginEpoch(writer, workspace))
    if (workspaces === 0) throw notFound('workspace', 'workspace')
    return `A new epoch has begun in ${workspaces} workspaces. Clients query again.`
  },
  'workspaces create': (db, { id, name }) =>
    db
      .transaction()
      .execute(writer => createWorkspace(writer, { name, ...(id === undefined ? {} : { id }) })),
}

const ofOne: Record<string, Run> = {
  async 'agents list'(db, { workspace = '' }) {
    const agents = await agentPage(db, workspace, everything)
    return table(agents, ({ id, name, email, deactivatedAt }) => [
      id,
      name ?? '-',
      email,
      deactivatedAt ? 'deactivated' : '',
    ])
  },
  async 'channels list'(db, { workspace = '' }) {
    const channels = await channelPage(db, workspace, everything)
    return table(channels, ({ id, name, source, address }) => [id, name, source, address ?? '-'])
  },
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
        scopes: scope.map(requireScope),
        agentId: agent,
        expiresAt: expires === undefined ? undefined : timeOf(expires),
      }),
    )
    return secret
  },
  async 'keys list'(db, { workspace = '' }) {
    return table(await keysOf(db, workspace), ({ id, name, scopes, agentId, expiresAt, revokedAt }) => [
      id,
      name,
      scopes.join(','),
      agentId ?? '-',
      expiresAt ? `expires ${expiresAt.toISOString()}` : 'never expires',
      revokedAt ? `revoked ${revokedAt.toISOString()}` : '',
    ])
  },
  async 'keys revoke'(db, { workspace = '' }, [id = '']) {
    await db.transaction().execute(writer => revokeKey(writer, workspace, id))
    return `${id} is revoked.`
  },
}

/** All commands, by their words. */
export const commands: Record<string, Command> = Object.fromEntries([
  ...Object.entries(ofAll).map(([name, run]) => [name, { run, ofWorkspace: false }]),
  ...Object.entries(ofOne).map(([name, run]) => [name, { run, ofWorkspace: true }]),
])

const everything: Page = { size: 10_000, after: null, before: null, backward: false }

/** One line for each row, with tabs between its columns. */
const table = <Row>(rows: readonly Row[], columnsOf: (row: Row) => string[]): string =>
  rows.map(row => columnsOf(row).join('\t').trimEnd()).join('\n')

const scopes: readonly string[] = ['read', 'write', 'admin'] satisfies Scope[]

function requireScope(scope: string): Scope {
  if (!scopes.includes(scope)) throw refusal('INVALID_INPUT', `--scope must be one of ${scopes.join(', ')}.`)
  return scope as Scope
}

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time, or how long from now. @throws Refusal INVALID_INPUT */
function timeOf(text: string): Date {
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const time =
    amount === undefined ? new Date(text) : new Date(Date.now() + Number(amount) * (unitMs[unit] ?? 0))
  if (Number.isNaN(time.getTime()))
    throw refusal(
      'INVALID_INPUT',
      '--expires must be a time such as 2027-01-31T00:00:00Z, or 90m, 12h or 30d.',
    )
  return time
}
