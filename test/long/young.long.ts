import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type FrameSocket, openFrames } from '../../bench/frames.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { newConversation, newWorkspace } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'

const sockets = 16
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

/** A socket that asks for the page so many times, one after the other. Returns the sizes of the answers in bytes. */
function ask(url: string, authorization: string, times: number): Promise<number[]> {
  return new Promise(resolve => {
    const sizes: number[] = []
    let asking: FrameSocket
    const next = () => asking.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
    const onOpen = (socket: FrameSocket) => {
      asking = socket
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
    }
    const stream = openFrames(`${url.replace('http', 'ws')}/graphql`, onOpen, (head, bytes) => {
      if (head.includes('"next"')) sizes.push(bytes)
      if (head.includes('connection_ack')) return next()
      if (!head.includes('"complete"')) return
      if (sizes.length < times) return next()
      stream.destroy()
      resolve(sizes)
    })
  })
}

// Without the flag of main.ts it fails in about one run of three: V8 then keeps 42 kB of a request, and 600 bytes with it.
test('what 16 sockets have asked for does not live on in the old generation', async () => {
  const { url, authorization } = await prepare()
  const askAll = (times: number) =>
    Promise.all(Array.from({ length: sockets }, () => ask(url, authorization, times / sockets)))
  // By then V8 has compiled what they execute, and has decided where it makes their objects.
  await askAll(4 * requests)
  const before = await oldBytes(url)
  const sizes = await askAll(requests)
  const bytesPerRequest = ((await oldBytes(url)) - before) / requests
  console.log(`${Math.round(bytesPerRequest)} bytes of a request are in the old generation`)
  expect(Math.min(...sizes.flat())).toBeGreaterThan(20_000)
  expect(bytesPerRequest).toBeLessThan(8_000)
})
