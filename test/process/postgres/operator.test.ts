import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, onTestFinished } from 'vitest'
import { newPostgresDatabase } from '../../support/databases.ts'
import { client, newConversation } from '../../support/gateway.ts'
import { command, startProcess } from '../../support/process.ts'
import { test as base } from '../../support/program.ts'

const test = base.extend('wrkOne', { scope: 'file' }, async ({ startForFile }) => {
  const environment = await emptyDatabase()
  const run = (...args: string[]) => command(startForFile, args, environment)
  await run('workspaces', 'create', '--name', 'One', '--id', 'wrk_one')
  await run('agents', 'create', '--workspace', 'wrk_one', '--name', 'Ada', '--email', 'ada@acme.test')
  return environment
})

/** An empty database, not migrated, and the environment that leads to it. */
async function emptyDatabase() {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true }))
  return { DATABASE_URL: await newPostgresDatabase('template1'), DATA_DIR }
}

test('four processes that migrate an empty database at once all succeed', async ({ start }) => {
  const environment = await emptyDatabase()
  const results = await Promise.all([1, 2, 3, 4].map(() => command(start, ['migrate'], environment)))
  expect(results).toEqual(results.map(() => ({ code: 0, error: '', output: 'The database is up to date.' })))
})

test.skipIf(process.env.CITUS_BIN)('tables are distributed only where Citus is', async ({ start }) => {
  const { code, error } = await command(start, ['migrate', '--citus'], await emptyDatabase())
  expect({ code, error }).toEqual({
    code: 1,
    error: 'The PostgreSQL has no Citus. Install it on every node first.',
  })
})

test('a database of another encoding is refused in a sentence', async ({ start }) => {
  const environment = await emptyDatabase()
  const name = `latin_${Date.now()}`
  const server = new pg.Client(environment.DATABASE_URL)
  await server.connect()
  await server.query(`create database ${name} template template0 encoding 'LATIN1' locale 'C'`)
  await server.end()
  const DATABASE_URL = environment.DATABASE_URL.replace(/test_\w+/, name)
  const { code, error } = await command(start, ['migrate'], { ...environment, DATABASE_URL })
  expect({ code, error }).toEqual({
    code: 1,
    error: 'The database has the encoding LATIN1. Create it with the encoding UTF8.',
  })
})

test('a gateway starts on a database that takes no changes now, and answers queries', async ({ start }) => {
  const environment = await emptyDatabase()
  const run = (...args: string[]) => command(start, args, environment)
  await run('workspaces', 'create', '--name', 'Acme', '--id', 'wrk_acme')
  const key = await run('keys', 'create', '--workspace', 'wrk_acme', '--name', 'k', '--scope', 'read')
  const server = new pg.Client(environment.DATABASE_URL)
  await server.connect()
  const name = /test_\w+/.exec(environment.DATABASE_URL)?.[0]
  await server.query(`alter database ${name} set default_transaction_read_only = on`)
  await server.end()
  const running = await startProcess(start, environment)
  const { data } = await client(running.url, key.output).graphql<{ workspace: { id: string } }>(
    '{ workspace { id } }',
  )
  expect(data.workspace.id).toBe('wrk_acme')
  const ready = await fetch(`${running.url}/health/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'READ_ONLY' }])
})

test('a new epoch is begun for all workspaces, or for one', async ({ start, wrkOne }) => {
  const run = (...args: string[]) => command(start, args, wrkOne)
  const begun = 'A new epoch has begun in 1 workspaces. Clients query again.'
  expect(await run('log', 'new-epoch')).toEqual({ code: 0, error: '', output: begun })
  expect((await run('log', 'new-epoch', '--workspace', 'wrk_one')).output).toBe(begun)
  expect(await run('log', 'new-epoch', '--workspace', 'wrk_none')).toMatchObject({
    code: 1,
    error: 'Workspace not found.',
  })
})

test('a command tells how it is used, and what there is', async ({ start, wrkOne }) => {
  const run = (...args: string[]) => command(start, args, wrkOne)
  const help = await run('keys', '--help')
  expect(help).toMatchObject({ code: 0, error: '', output: expect.stringMatching(/^Usage:/) })
  const here = ['--workspace', 'wrk_one']
  expect(await run('keys', 'list')).toEqual({ code: 1, output: '', error: '--workspace must be given.' })
  expect((await run('workspaces', 'list')).output).toBe('wrk_one\tOne')
  expect((await run('agents', 'list', ...here)).output).toMatch(/^agt_[0-9a-z]{26}\tAda\tada@acme\.test$/)
  await run('keys', 'create', ...here, '--name', 'brief', '--scope', 'read', '--expires', '90m')
  const listed = (await run('keys', 'list', ...here)).output
  const [, expires = ''] = /brief.*expires (\S+)/.exec(listed) ?? []
  const minutes = (Date.parse(expires) - Date.now()) / 60_000
  expect(minutes).toBeGreaterThan(80)
  expect(minutes).toBeLessThanOrEqual(90)
})

describe('an operator with an empty Postgres', () => {
  test('sets up a workspace, starts the gateway, and revokes a key', async ({ start }) => {
    const environment = await emptyDatabase()
    const printed = async (...args: string[]) => {
      const { output, error, code } = await command(start, args, environment)
      expect({ error, code }).toEqual({ error: '', code: 0 })
      return output
    }
    expect(await printed('workspaces', 'create', '--name', 'Acme', '--id', 'wrk_acme')).toBe('wrk_acme')
    const here = ['--workspace', 'wrk_acme']
    const agent = await printed('agents', 'create', ...here, '--name', 'Ada', '--email', 'ada@acme.test')
    expect(agent).toMatch(/^agt_[0-9a-z]{26}$/)
    const channel = await printed(
      'channels',
      'create',
      ...here,
      '--name',
      'Mail',
      '--address',
      'help@acme.test',
    )
    expect(channel).toMatch(/^chn_[0-9a-z]{26}$/)
    const scopes = ['--scope', 'read', '--scope', 'write']
    const key = await printed('keys', 'create', ...here, '--name', 'ci', ...scopes, '--agent', agent)

    const running = await startProcess(start, environment)
    expect(running.lines.some(line => line.msg === 'demo workspace')).toBe(false)
    const caller = client(running.url, key)
    expect((await newConversation(caller)).id).toMatch(/^thd_/)
    const viewer = await caller.graphql<{ viewer: object }>('{ viewer { id name } }')
    expect(viewer.data.viewer).toEqual({ id: agent, name: 'Ada' })

    const [id] = (await printed('keys', 'list', ...here)).split('\t')
    expect(await printed('keys', 'revoke', ...here, id ?? '')).toBe(`${id} is revoked.`)
    await expect.poll(async () => (await caller.graphql('{ viewer { id } }')).status).toBe(401)
    expect(await running.end()).toBe(0)
  })

  test.for<[string[], string]>([
    [['keys', 'create', '--workspace', 'wrk_nope', '--name', 'x', '--scope', 'read'], 'Workspace not found.'],
    [
      ['keys', 'create', '--workspace', 'wrk_one', '--name', 'x', '--scope', 'owner'],
      '--scope must be one of read, write, admin.',
    ],
    [['keys', 'create', '--workspace', 'wrk_one', '--name', 'x'], 'scopes must name read, write or admin.'],
    [
      ['keys', 'create', '--workspace', 'wrk_one', '--name', 'x', '--scope', 'read', '--expires', 'soon'],
      '--expires must be a time',
    ],
    [
      ['keys', 'create', '--workspace', 'wrk_one', '--name', 'x', '--scope', 'read', '--agent', 'agt_1'],
      'Agent not found.',
    ],
    [['keys', 'revoke', '--workspace', 'wrk_one', 'key_1'], 'Key not found.'],
    [
      ['workspaces', 'create', '--name', 'One', '--id', 'wrk_one'],
      'A workspace with this id exists already.',
    ],
    [['workspaces', 'create', '--name', 'One', '--id', 'one'], 'id must look like wrk_abc123.'],
    [['workspaces', 'create'], 'name must not be empty.'],
    [
      ['agents', 'create', '--workspace', 'wrk_one', '--name', 'Ada', '--email', 'ada'],
      'email must be an e-mail address.',
    ],
    [
      ['agents', 'create', '--workspace', 'wrk_one', '--name', 'Ada', '--email', 'ADA@acme.test'],
      'An agent with this address exists already.',
    ],
    [
      ['channels', 'create', '--workspace', 'wrk_one', '--name', 'Mail'],
      'address must be given for an EMAIL channel.',
    ],
    [['nonsense'], 'Usage:'],
  ])('reads what is wrong with %j', async ([args, message], { wrkOne, start }) => {
    const { error, code } = await command(start, args, wrkOne)
    expect(code).toBe(1)
    expect(error).toContain(message)
  })
})

test('a database that is not available ends the process with a message and with 1', async ({ start }) => {
  const DATABASE_URL = 'postgres://localhost:1/nothing'
  await expect(startProcess(start, { DATABASE_URL })).rejects.toThrow(
    'The database cannot be reached: connect ECONNREFUSED',
  )
  const gateway = start(['src/main.ts'], { DATABASE_URL })
  expect(await new Promise(resolve => gateway.once('exit', resolve))).toBe(1)
})

test('an operator renames, deactivates, and verifies and mends the counts', async ({ start, wrkOne }) => {
  const run = (...args: string[]) => command(start, args, wrkOne)
  const here = ['--workspace', 'wrk_one']
  const { output: agent } = await run('agents', 'create', ...here, '--name', 'Bo', '--email', 'bo@acme.test')
  expect(await run('agents', 'rename', ...here, '--name', 'Bob', agent)).toMatchObject({
    code: 0,
    output: agent,
  })
  const { output: channel } = await run('channels', 'create', ...here, '--name', 'Post', '--source', 'CHAT')
  expect(await run('channels', 'rename', ...here, '--name', 'Chat', channel)).toMatchObject({
    code: 0,
    output: channel,
  })
  const deactivated = { code: 0, output: `${agent} is deactivated.`, error: '' }
  expect(await run('agents', 'deactivate', ...here, agent)).toEqual(deactivated)
  expect(await run('agents', 'deactivate', ...here, 'agt_unknown')).toMatchObject({
    code: 1,
    error: 'Agent not found.',
  })

  expect(await run('counts', 'verify', ...here)).toEqual({
    code: 0,
    output: 'The counts are right.',
    error: '',
  })
  const client = new pg.Client(wrkOne.DATABASE_URL)
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`update workspace set open_count = 7 where id = 'wrk_one'`)
  await client.query(
    `insert into agent_counts (workspace_id, agent_id, open_count, closed_count, archived_count, unread_count)
      values ('wrk_one', $1, 1, 0, 0, 2)`,
    [agent],
  )
  const wrong = [
    'wrk_one: open is kept as 7, and there are 0.',
    `${agent}: open is kept as 1, and there are 0.`,
    `${agent}: unread is kept as 2, and there are 0.`,
  ].join('\n')
  expect(await run('counts', 'verify', ...here)).toEqual({ code: 1, output: '', error: wrong })
  expect(await run('counts', 'repair', ...here)).toMatchObject({
    code: 0,
    output: `${wrong}\nThe counts are mended.`,
  })
  expect(await run('counts', 'verify', ...here)).toMatchObject({ code: 0 })
  expect(await run('counts', 'verify', '--workspace', 'wrk_none')).toMatchObject({
    code: 1,
    error: 'Workspace not found.',
  })
})
