import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { addNote } from '../../../src/domain/conversation/add-note.ts'
import { createConversation } from '../../../src/domain/conversation/create.ts'
import { setConversationStatus } from '../../../src/domain/conversation/set-status.ts'
import type { Operation } from '../../../src/domain/operation.ts'
import { createWorkspace } from '../../../src/domain/workspace/create.ts'
import { newPostgresDatabase } from '../../support/databases.ts'

/** A message of the protocol that asks for the columns of a statement. */
const describe = Buffer.from([68, 0, 0, 0, 6, 80, 0])

/** A way to the database that counts how often it is asked and answers, and keeps what is sent. */
async function counted(url: string) {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-round-trips-'))
  const socket = '.s.PGSQL.5432'
  const behind = join(
    new URL(url.replace('postgres://postgres@/', 'postgres://x/')).searchParams.get('host') ?? '',
    socket,
  )
  let roundTrips = 0
  let sent: Buffer[] = []
  const server: Server = createServer(client => {
    const database = connect(behind)
    let isAsking = false
    client.on('data', chunk => {
      if (!isAsking) roundTrips++
      isAsking = true
      sent.push(chunk)
      database.write(chunk)
    })
    database.on('data', chunk => {
      isAsking = false
      client.write(chunk)
    })
    client.on('close', () => database.destroy())
    database.on('close', () => client.destroy())
    for (const end of [client, database]) end.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(join(directory, socket), resolve))
  onTestFinished(() => {
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    url: url.replace(/host=[^&]*/, `host=${encodeURIComponent(directory)}`),
    async roundTrips(work: () => Promise<unknown>): Promise<number> {
      const before = roundTrips
      await work()
      return roundTrips - before
    },
    async sent(work: () => Promise<unknown>): Promise<Buffer[]> {
      sent = []
      await work()
      return sent
    },
  }
}

/** How often a text has a part. */
const countOf = (part: Buffer, all: Buffer) =>
  all.toString('latin1').split(part.toString('latin1')).length - 1

async function changing() {
  const { url, roundTrips, sent } = await counted(await newPostgresDatabase())
  const { db, close } = openPostgres(url, { poolSize: 1 })
  onTestFinished(close)
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Acme' }))
  const actor = { workspaceId, id: 'key_test', keyId: 'key_test', scopes: ['read', 'write'] as const }
  const operation: Operation = { actor, db, announce() {} }
  const { conversation } = await createConversation(operation, {
    email: 'jane@example.com',
    contentText: 'Hello',
  })
  return {
    roundTrips,
    sent,
    setStatus: (status: 'OPEN' | 'CLOSED') =>
      setConversationStatus(operation, { conversationId: conversation.id, status }),
    addNote: (idempotencyKey: string | null) =>
      addNote(operation, { conversationId: conversation.id, contentText: 'Hello', idempotencyKey }),
  }
}

test('a change takes 2 round trips: begin and lock, write and record and commit', async () => {
  const { roundTrips, setStatus } = await changing()
  expect(await roundTrips(() => setStatus('CLOSED'))).toBe(2)
})

test('a change that changes nothing takes 2: begin and lock, commit', async () => {
  const { roundTrips, setStatus } = await changing()
  expect(await roundTrips(() => setStatus('OPEN'))).toBe(2)
})

test('an idempotency key takes 3 more: begin alone, its claim, its completion', async () => {
  const { roundTrips, addNote } = await changing()
  expect(await roundTrips(() => addNote(null))).toBe(3)
  expect(await roundTrips(() => addNote('one'))).toBe(6)
})

test('a connection asks once for the columns of each statement', async () => {
  const { sent, setStatus } = await changing()
  const asked = async (status: 'OPEN' | 'CLOSED') =>
    countOf(describe, Buffer.concat(await sent(() => setStatus(status))))
  expect(await asked('CLOSED')).toBeGreaterThan(3)
  // A statement gets its name when it has come three times.
  for (const status of ['OPEN', 'CLOSED', 'OPEN'] as const) await asked(status)
  expect(await asked('CLOSED')).toBe(0)
})
