import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openWebSocket } from '../../bench/requests/web-socket.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'

const connections = 16
const requests = 2_000

const query = `{ conversations(first: 20) { edges { node {
  id status subject lastMessageAt contact { name email } messages(last: 3) { edges { node { text createdAt } } } } } } }`

/** A gateway of its own, so that its memory is its own too, with a page of 20 conversations of a kilobyte each. */
async function prepare() {
  const DATABASE_URL = await newPostgresDatabase()
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-young-'))
  const database = openPostgres(DATABASE_URL)
  const gateway = await startProcess(startProgram, {
    DATABASE_URL,
    DATA_DIR,
    ANSWER_CACHE_BYTES: '0',
    MAX_COST_PER_MINUTE: '9999999999',
  })
  onTestFinished(async () => {
    await gateway.end('SIGKILL')
    await database.close()
    rmSync(DATA_DIR, { recursive: true })
  })
  const { client } = await newWorkspace({ url: gateway.url, db: database.db })
  for (let index = 0; index < 20; index++)
    await newConversation(client, `jane${index}@example.com`, `${index} `.repeat(300))
  return { url: gateway.url, authorization: client.authorization }
}

async function oldBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^nodejs_heap_space_size_used_bytes\{space="old"\} (\d+)$/m.exec(text)?.[1])
}

// Without the flag of main.ts one process of three failed: 42 kB of a request were there, and 600 bytes with it.
test('what 16 sockets have asked for does not live on in the old generation', async () => {
  const { url, authorization } = await prepare()
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => openWebSocket(url, authorization)),
  )
  const headers = { authorization }
  const ask = () =>
    Promise.all(
      sockets.map(async socket => {
        for (let count = 0; count < requests / connections; count++)
          await socket.send({ method: 'POST', path: '/graphql', headers, body: JSON.stringify({ query }) })
      }),
    )
  // By then V8 has compiled what they execute, and has decided where it makes their objects.
  for (let count = 0; count < 4; count++) await ask()
  const before = await oldBytes(url)
  const answers = await ask()
  expect(answers).toHaveLength(connections)
  const bytesPerRequest = ((await oldBytes(url)) - before) / requests
  console.log(`${Math.round(bytesPerRequest)} bytes of a request are in the old generation`)
  expect(bytesPerRequest).toBeLessThan(8_000)
  for (const socket of sockets) await socket.close()
})
