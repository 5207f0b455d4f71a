import { expect, test } from 'vitest'
import { type FrameSocket, openFrames } from '../../bench/frames.ts'
import { type Client, newConversation } from '../support/gateway.ts'
import { startKillable } from '../support/killable.ts'

const sockets = 16
const requests = 2_000

const query = `{ conversations(first: 20) { edges { node {
  id status subject lastMessageAt contact { name email } messages(last: 3) { edges { node { text createdAt } } } } } } }`

/** A gateway of its own, so that its memory is its own too, with a page of 20 conversations of a kilobyte each. */
async function prepare() {
  const { client } = await startKillable('postgres', { ANSWER_CACHE_BYTES: '0' })
  for (let index = 0; index < 20; index++)
    await newConversation(client, `jane${index}@example.com`, `${index} `.repeat(300))
  return client
}

async function oldBytes({ url }: Client): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^nodejs_heap_space_size_used_bytes\{space="old"\} (\d+)$/m.exec(text)?.[1])
}

/** A socket that asks for the page so many times, one after the other. Returns the sizes of the answers in bytes. */
function ask({ socketUrl, authorization }: Client, times: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const sizes: number[] = []
    let asking: FrameSocket
    const next = () => asking.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
    const onOpen = (socket: FrameSocket) => {
      asking = socket
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
    }
    const stream = openFrames(socketUrl, onOpen, (head, bytes) => {
      if (head.includes('"next"')) sizes.push(bytes)
      if (head.includes('"error"')) return reject(new Error(head))
      if (head.includes('connection_ack')) return next()
      if (!head.includes('"complete"')) return
      if (sizes.length < times) return next()
      stream.destroy()
      resolve(sizes)
    })
  })
}

// V8 pretenures in few runs: without the flag of main.ts 42 kB of a request were there in one of twelve, else 600 bytes.
test('what 16 sockets have asked for does not live on in the old generation', async () => {
  const client = await prepare()
  const askAll = (times: number) =>
    Promise.all(Array.from({ length: sockets }, () => ask(client, times / sockets)))
  // By then V8 has compiled what they execute, and has decided where it makes their objects.
  await askAll(4 * requests)
  const before = await oldBytes(client)
  const sizes = await askAll(requests)
  const bytesPerRequest = ((await oldBytes(client)) - before) / requests
  console.log(`${Math.round(bytesPerRequest)} bytes of a request are in the old generation`)
  expect(Math.min(...sizes.flat())).toBeGreaterThan(20_000)
  expect(bytesPerRequest).toBeLessThan(8_000)
})
