import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, inject, test } from 'vitest'
import { createDatabase } from './support/databases.ts'
import { client, newConversation } from './support/gateway.ts'
import { command, startProcess } from './support/process.ts'

/** An empty database, not migrated, and the environment that leads to it. */
async function emptyDatabase() {
  const server = inject('postgres')
  const name = `empty_${randomUUID().replaceAll('-', '')}`
  await createDatabase(server, name, 'template1')
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  return { DATABASE_URL: server.replace('/postgres?', `/${name}?`), DATA_DIR }
}

test('four processes that migrate an empty database at once all succeed', async () => {
  const environment = await emptyDatabase()
  const results = await Promise.all([1, 2, 3, 4].map(() => command(['migrate'], environment)))
  expect(results).toEqual(results.map(() => ({ code: 0, error: '', output: 'The database is up to date.' })))
})

describe('an operator with an empty Postgres', () => {
  test('sets up a workspace, starts the gateway, and revokes a key', async () => {
    const environment = await emptyDatabase()
    const printed = async (...args: string[]) => {
      const { output, error, code } = await command(args, environment)
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

    const running = await startProcess(environment)
    expect(running.lines.some(line => line.msg === 'demo workspace')).toBe(false)
    const caller = client(running.url, key)
    expect((await newConversation(caller)).id).toMatch(/^thd_/)
    const viewer = await caller.graphql<{ viewer: object }>('{ viewer { id name } }')
    expect(viewer.data.viewer).toEqual({ id: agent, name: 'Ada' })

    const [id] = (await printed('keys', 'list', ...here)).split('\t')
    expect(await printed('keys', 'revoke', ...here, id ?? '')).toBe(`${id} is revoked.`)
    expect((await caller.graphql('{ viewer { id } }')).status).toBe(401)
    expect(await running.end()).toBe(0)
  })

  test.each([
    [['keys', 'create', '--workspace', 'wrk_nope', '--name', 'x', '--scope', 'read'], 'Workspace not found.'],
    [
      ['keys', 'create', '--workspace', 'wrk_one', '--name', 'x', '--scope', 'admin'],
      'must be read or write.',
    ],
    [['keys', 'create', '--workspace', 'wrk_one', '--name', 'x'], 'scopes must name read, write or both.'],
    [
      ['keys', 'create', '--workspace', 'wrk_one', '--name', 'x', '--scope', 'read', '--expires', 'soon'],
      'expiresAt must be a time',
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
  ])('is told what is wrong with %j', async (args, message) => {
    const environment = await setUp()
    const { error, code } = await command(args, environment)
    expect(code).toBe(1)
    expect(error).toContain(message)
  })

  let known: Promise<Record<string, string>> | undefined
  function setUp() {
    known ??= (async () => {
      const environment = await emptyDatabase()
      await command(['workspaces', 'create', '--name', 'One', '--id', 'wrk_one'], environment)
      await command(
        ['agents', 'create', '--workspace', 'wrk_one', '--name', 'Ada', '--email', 'ada@acme.test'],
        environment,
      )
      return environment
    })()
    return known
  }
})

test('a database that is not there is said in words, and ends the process with 1', async () => {
  const DATABASE_URL = 'postgres://localhost:1/nothing'
  await expect(startProcess({ DATABASE_URL })).rejects.toThrow('The database is not available.')
})

test("the harness's PostgreSQL goes away when whoever started it is killed", async () => {
  const script = `
    const { startPostgres } = await import('./test/support/postgres.ts')
    const { readFileSync } = await import('node:fs')
    const server = await startPostgres()
    const directory = decodeURIComponent(server.url('x').split('host=')[1])
    console.log(readFileSync(directory + '/data/postmaster.pid', 'utf8').split('\\n')[0])`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const alive = () => {
    try {
      return process.kill(Number(line), 0)
    } catch {
      return false
    }
  }
  expect(alive()).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(alive, { timeout: 10_000 }).toBe(false)
})
