import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type FrameSocket, openFrames } from '../../bench/frames.ts'
import type { OpenDatabase } from '../../src/db/open-database.ts'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { setConversationStatus } from '../../src/domain/conversation/set-status.ts'
import type { Actor } from '../../src/domain/operation.ts'
import { type Hints, postgresHints } from '../../src/live/hints.ts'
import { newPostgresDatabase } from './databases.ts'
import { newConversation, newWorkspace } from './gateway.ts'
import { type Running, startProcess } from './process.ts'
import { startProgram } from './program.ts'
import { pause } from './resuming-clients.ts'

// A gateway that is a process of its own, so that its memory is its own too, and bare sockets that can stop reading.

/** Starts it for the tests of the file that calls this. */
export function forSocketsThatStall() {
  let gateway: Running
  let database: OpenDatabase
  let hints: Hints

  const directory = mkdtempSync(join(tmpdir(), 'gateway-stalled-'))

  beforeAll(async () => {
    const DATABASE_URL = await newPostgresDatabase()
    database = openPostgres(DATABASE_URL)
    hints = postgresHints(DATABASE_URL, { probe: database.probe, onHint() {}, onDeaf() {}, onError() {} })
    gateway = await startProcess(startProgram, {
      DATABASE_URL,
      DATA_DIR: directory,
    })
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
    rmSync(directory, { recursive: true })
    await hints.close()
    await database.close()
  })

  const query = `subscription { conversationStatusChanged {
    cursor conversation { id messages(last: 1) { edges { node { text } } } } } }`

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    const line = text.split('\n').find(each => each.startsWith(`${name} `))
    return Number(line?.split(' ')[1])
  }
  const subscribers = () => metric('gateway_open{kind="subscribers"}')
  const memory = () => metric('process_resident_memory_bytes')

  /** Subscribes with a bare socket that counts its events, and can stop reading. */
  function listener(key: string, onEvent: () => void, onClose = (_frame: string) => {}): Promise<Socket> {
    return new Promise(resolve => {
      let opened: FrameSocket
      const onOpen = (socket: FrameSocket) => {
        opened = socket
        socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
      }
      const stream: Socket = openFrames(`${gateway.url.replace('http', 'ws')}/graphql`, onOpen, head => {
        if (head.includes('"next"')) return onEvent()
        if (head.includes('Try again later')) return onClose(head)
        if (!head.includes('connection_ack')) return
        opened.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
        resolve(stream)
      })
    })
  }

  /** A workspace with one conversation whose events are 10 kB, and a way to change it any number of times. */
  async function prepare() {
    const workspace = await newWorkspace({ url: gateway.url, db: database.db })
    const { id: conversationId } = await newConversation(
      workspace.client,
      'big@example.com',
      'x'.repeat(10_000),
    )
    const actor: Actor = {
      workspaceId: workspace.id,
      id: workspace.agentId,
      keyId: 'key_none',
      scopes: ['write'],
    }
    const announce = (id: string, watched: boolean) => watched && hints.publish(id)
    /** At 100 a second: at a rate that the readers keep up with, what they wait is the gateway's doing. */
    const turn = async (times: number, onEach = () => {}) => {
      const begun = performance.now()
      for (let index = 0; index < times; index++) {
        await pause(Math.max(0, begun + index * 10 - performance.now()))
        const status = index % 2 === 0 ? 'CLOSED' : 'OPEN'
        await setConversationStatus({ actor, db: database.db, announce }, { conversationId, status })
        onEach()
      }
    }
    return { key: workspace.client.key, turn }
  }

  return { listener, memory, prepare, subscribers }
}
