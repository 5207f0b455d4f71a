import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { eventCursor } from '../support/conversations.ts'
import { migratedDatabaseOf, operate } from '../support/databases.ts'
import { type Client, client, newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { closeClients, codeAtEnd, conversationEvents, overSocket, socketClient } from '../support/live.ts'
import { startPostgres } from '../support/postgres.ts'
import { command } from '../support/process.ts'
import { test } from '../support/program.ts'

/** Debian's: a dump is made by programs that are not older than the server, and the package of the tests brings none. */
const installed = '/usr/lib/postgresql'
const binaries = (existsSync(installed) ? readdirSync(installed) : [])
  .map(version => join(installed, version, 'bin'))
  .find(folder => ['pg_dump', 'postgres'].every(program => existsSync(join(folder, program))))

const note = `mutation ($id: ID!, $text: String!) {
  addNote(input: { conversationId: $id, contentText: $text }) { userErrors { code } } }`

const notesOf = async (caller: Client, id: string) => {
  type Texts = { conversation: { messages: { edges: { node: { text: string } }[] } } }
  const { data } = await caller.graphql<Texts>(
    'query ($id: ID!) { conversation(id: $id) { messages(first: 50) { edges { node { text } } } } }',
    { id },
  )
  return data.conversation.messages.edges.map(({ node }) => node.text)
}

test.skipIf(!binaries)(
  'a dump that is restored serves as before, and those who have seen more are told',
  async ({ start }) => {
    if (!binaries) throw new Error('It was left out.')
    const server = await startPostgres({ binaries })
    onTestFinished(server.stop)
    const directory = mkdtempSync(join(tmpdir(), 'gateway-dump-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const dump = join(directory, 'gateway.dump')
    const url = await migratedDatabaseOf(server)
    const before = await startGateway({ database: log => openPostgres(url, { log }) })
    const { client: caller } = await newWorkspace(before)
    const { id } = await newConversation(caller, 'jane@example.com', 'A question')
    for (const text of ['one', 'two']) await caller.graphql(note, { id, text })
    execFileSync(join(binaries, 'pg_dump'), ['--format=custom', `--file=${dump}`, url])
    for (const text of ['three', 'four']) await caller.graphql(note, { id, text })
    const after = await eventCursor(caller)
    await before.close()

    await operate(url, 'create database restored')
    const restored = server.url('restored')
    execFileSync(join(binaries, 'pg_restore'), ['--no-owner', `--dbname=${restored}`, dump])
    const told = await command(start, ['log', 'new-epoch'], { DATABASE_URL: restored })
    expect(told).toMatchObject({
      code: 0,
      output: 'A new epoch has begun in 1 workspaces. Clients query again.',
    })
    const gateway = await startGateway({ database: log => openPostgres(restored, { log }) })
    onTestFinished(async () => {
      await closeClients()
      await gateway.close()
    })
    const again = client(gateway.url, caller.key)
    expect(await notesOf(again, id)).toEqual(['A question', 'one', 'two'])
    for (const text of ['other three', 'other four', 'five']) await again.graphql(note, { id, text })
    expect(await codeAtEnd(overSocket(socketClient(again), conversationEvents, { after }))).toBe(
      'CURSOR_EXPIRED',
    )
    type Found = { conversations: { edges: { node: { id: string } }[] } }
    const search = '{ conversations(filter: { search: "two question" }) { edges { node { id } } } }'
    expect((await again.graphql<Found>(search)).data.conversations.edges).toEqual([{ node: { id } }])
  },
)
