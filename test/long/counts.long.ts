import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { wrongCounts } from '../../src/domain/workspace/recount.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { type Client, client, newClient, newConversation, newWorkspace } from '../support/gateway.ts'
import { type Running, startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'
import { expectSound } from '../support/recount.ts'
import { pick } from '../support/resuming-clients.ts'

const changes = 10_000
const writers = 8
const killEvery = 1_000

const unlimited = { MAX_COST_PER_MINUTE: '9999999999', MAX_CHANGES_PER_HOUR: '9999999999' }

/** A gateway process of which only its database survives. */
async function killable(url: string) {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-counts-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  let starting = start()
  let running: Running = await starting
  async function start(): Promise<Running> {
    return startProcess(startProgram, { DATABASE_URL: url, DATA_DIR: directory, ...unlimited })
  }
  onTestFinished(async () => void (await running.end('SIGKILL')))
  return {
    url: () => running.url,
    /** Resolves when it runs. */
    up: async () => void (await starting),
    async kill() {
      const gone = running.end('SIGKILL')
      starting = gone.then(start)
      running = await starting
    },
  }
}

test('after 10,000 random changes, with kills and lost connections, every count is what a recount says', async ({
  annotate,
}) => {
  const url = await newPostgresDatabase()
  const { db, close } = openPostgres(url)
  onTestFinished(close)
  const gateway = await killable(url)
  const workspace = await newWorkspace({ url: gateway.url(), db })
  const { client: admin } = await newClient({ url: gateway.url(), db }, workspace.id, {
    scopes: ['read', 'write', 'admin'],
  })
  const now = (): Client => client(gateway.url(), admin.key)
  const ids: string[] = []
  for (let index = 0; index < 60; index++)
    ids.push((await newConversation(now(), `contact${index % 20}@example.com`)).id)
  const agents: string[] = [workspace.agentId]
  const killer = new pg.Client(url)
  await killer.connect()
  onTestFinished(() => killer.end())

  const status = () => pick(['OPEN', 'CLOSED', 'ARCHIVED'])
  const assignee = () => (Math.random() < 0.3 ? null : pick(agents))
  const several = () => ids.toSorted(() => Math.random() - 0.5).slice(0, 1 + Math.floor(Math.random() * 20))
  const mutation = (name: string, type: string, input: object) =>
    now().graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { userErrors { message } } }`, {
      input,
    })
  const replaceAgent = async () => {
    const { data } = await now().graphql<{ createAgent: { agent: { id: string } | null } }>(
      'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }',
      { input: { email: `${crypto.randomUUID()}@acme.test` } },
    )
    if (data?.createAgent.agent) agents.push(data.createAgent.agent.id)
    if (agents.length > 4)
      await mutation('deactivateAgent', 'DeactivateAgentInput', { agentId: agents.shift() })
  }
  const kinds: (() => Promise<unknown>)[] = [
    () =>
      mutation('setConversationStatus', 'SetConversationStatusInput', {
        conversationId: pick(ids),
        status: status(),
      }),
    () =>
      mutation('assignConversation', 'AssignConversationInput', {
        conversationId: pick(ids),
        agentId: assignee(),
      }),
    () =>
      mutation('setConversationUnread', 'SetConversationUnreadInput', {
        conversationId: pick(ids),
        isUnread: Math.random() < 0.5,
      }),
    () =>
      mutation('updateConversations', 'UpdateConversationsInput', {
        conversationIds: several(),
        status: status(),
        agentId: assignee(),
        isUnread: Math.random() < 0.5,
      }),
    () =>
      mutation('receiveMessage', 'ReceiveMessageInput', {
        source: 'CHAT',
        conversationId: pick(ids),
        contentText: 'Hello again',
      }),
    () =>
      mutation('replyToConversation', 'ReplyToConversationInput', {
        conversationId: pick(ids),
        contentText: 'Hi',
      }),
  ]

  let begun = 0
  let done = 0
  let failed = 0
  const write = async () => {
    while (done < changes) {
      const change = ++begun % 200 === 0 ? replaceAgent : pick(kinds)
      try {
        await change()
        done++
      } catch {
        failed++
        await gateway.up()
      }
    }
  }
  const fail = async () => {
    for (let at = killEvery; at < changes; at += killEvery) {
      await expect.poll(() => done, { timeout: 120_000 }).toBeGreaterThan(at)
      if ((at / killEvery) % 2 === 0) await gateway.kill()
      else
        await killer.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        )
    }
  }
  await Promise.all([fail(), ...Array.from({ length: writers }, write)])
  await annotate(`${done} changes were answered, and ${failed} were not; ${agents.length} agents are active`)
  expect(failed).toBeGreaterThan(0)
  expect(await wrongCounts(db, workspace.id)).toEqual([])
  await expectSound(db, { id: workspace.id, client: now() })
})
