import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { newPostgresDatabase, throughPooler } from '../../support/databases.ts'
import { client, newConversation } from '../../support/gateway.ts'
import { closeClients, overSocket, socketClient, statusChanges } from '../../support/live.ts'
import { isListening } from '../../support/metrics.ts'
import { startPgBouncer } from '../../support/pgbouncer.ts'
import { command, startProcess } from '../../support/process.ts'
import { test as base } from '../../support/program.ts'

/** `direct` and `pooled`: the two addresses of one database without tables. */
const test = base
  .extend('direct', () => newPostgresDatabase('template1'))
  .extend('pooled', ({ direct }) => throughPooler(direct).url)
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
    onCleanup(() => rmSync(directory, { recursive: true, force: true }))
    return directory
  })

describe('a gateway behind a pooler in transaction mode', () => {
  test('with DATABASE_DIRECT_URL is set up, migrates, and hears of the changes of another one', async ({
    start,
    direct,
    pooled,
    directory,
  }) => {
    const environment = { DATABASE_URL: pooled, DATABASE_DIRECT_URL: direct, DATA_DIR: directory }
    const created = await command(
      start,
      ['workspaces', 'create', '--name', 'Acme', '--id', 'wrk_a'],
      environment,
    )
    expect(created).toMatchObject({ code: 0, output: 'wrk_a' })
    const key = await command(
      start,
      'keys create --workspace wrk_a --name test --scope read --scope write'.split(' '),
      environment,
    )
    const channel = 'channels create --workspace wrk_a --name Mail --address help@acme.test'.split(' ')
    expect(await command(start, channel, environment)).toMatchObject({ code: 0 })
    const gateways = [await startProcess(start, environment), await startProcess(start, environment)]
    const [one, other] = gateways.map(({ url }) => client(url, key.output))
    if (!one || !other) throw new Error('There are two.')
    let log = ''
    for (const { child } of gateways)
      child.stdout.on('data', chunk => {
        log += chunk
      })
    for (const gateway of gateways) await expect.poll(() => isListening(gateway)).toBe(true)
    const { id, cursor: after } = await newConversation(one)
    const heard = overSocket(socketClient(other), statusChanges, { after })
    await one.graphql(
      `mutation ($id: ID!) { setConversationStatus(input: { conversationId: $id, status: CLOSED }) { cursor } }`,
      { id },
    )
    await heard.until(1)
    await closeClients()
    for (const gateway of gateways) expect(await gateway.end()).toBe(0)
    expect(log).not.toMatch(/"level":[4-6]0/)
  })

  test('without it does not start, and says what is missing', async ({ start, pooled, directory }) => {
    const environment = { DATABASE_URL: pooled, DATA_DIR: directory }
    await expect(startProcess(start, environment)).rejects.toThrow(
      /unsupported startup parameter: .* set DATABASE_DIRECT_URL/,
    )
  })

  test('that takes and ignores the settings of sessions is told that nothing is heard', async ({
    start,
    directory,
  }) => {
    const direct = await newPostgresDatabase()
    const pgbouncer = await startPgBouncer(direct, 'statement_timeout, idle_in_transaction_session_timeout')
    try {
      const DATABASE_URL = pgbouncer.through(direct)
      const gateway = await startProcess(start, {
        DATABASE_URL,
        PG_NAMED_STATEMENTS: '0',
        DATA_DIR: directory,
      })
      let log = ''
      gateway.child.stdout.on('data', chunk => {
        log += chunk
      })
      await expect.poll(() => log).toContain('DATABASE_DIRECT_URL must lead')
      expect(await isListening(gateway)).toBe(false)
      expect(await gateway.end()).toBe(0)
    } finally {
      await pgbouncer.stop()
    }
  })
})
