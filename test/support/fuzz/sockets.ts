import { once } from 'node:events'
import WebSocket from 'ws'
import type { Client } from '../gateway.ts'
import type { Printed } from './printing.ts'

/** What a server may send: results, errors, ends, and heartbeats. */
export type ServerMessage = {
  type: string
  id?: string
  payload?: { data?: unknown; errors?: object[] } | object[]
}

/** A socket that keeps every message it gets. */
export type Recorder = {
  socket: WebSocket
  send(message: unknown): void
  /** Resolves with the first message, of the past or to come, that fits; rejects if the socket closes before. */
  first(fits: (message: ServerMessage) => boolean): Promise<ServerMessage>
  messagesOf(id: string): ServerMessage[]
  forget(id: string): void
  /** The code with which the socket was closed. */
  closed: Promise<number>
}

/** Opens a socket of the protocol, without showing the key. */
export async function openRecorder({ socketUrl }: Client): Promise<Recorder> {
  const socket = new WebSocket(socketUrl, 'graphql-transport-ws')
  const messages: ServerMessage[] = []
  const waiting = new Set<() => void>()
  const look = () => {
    for (const each of waiting) each()
  }
  let code: number | null = null
  const closed = new Promise<number>(resolve =>
    socket.once('close', given => {
      code = given
      resolve(given)
      look()
    }),
  )
  socket.on('error', () => {})
  socket.on('message', text => {
    messages.push(JSON.parse(String(text)) as ServerMessage)
    look()
  })
  await once(socket, 'open')
  return {
    socket,
    closed,
    send: message => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    first: fits =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = messages.find(fits)
          if (!found && code === null) return
          waiting.delete(check)
          if (found) resolve(found)
          else reject(new Error(`The socket was closed with ${code}.`))
        }
        waiting.add(check)
        check()
      }),
    messagesOf: id => messages.filter(message => message.id === id),
    forget(id) {
      const kept = messages.filter(message => message.id !== id)
      messages.splice(0, messages.length, ...kept)
    },
  }
}

/** Shows the key, and waits until the socket may ask. */
export async function acknowledge({ send, first }: Recorder, { authorization }: Client): Promise<void> {
  send({ type: 'connection_init', payload: { authorization } })
  await first(({ type }) => type === 'connection_ack')
}

const isEnd = ({ type }: ServerMessage) => type === 'error' || type === 'complete'

/**
 * Sends an operation and then a small query, and returns what came for the operation until it ended. A subscription
 * that stays open is left when the small query has been answered.
 */
export async function exchange(
  { send, first, messagesOf, forget }: Recorder,
  { id, payload, staysOpen }: { id: string; payload: Partial<Printed>; staysOpen: boolean },
): Promise<ServerMessage[]> {
  const after = `${id} after`
  send({ type: 'subscribe', id, payload })
  send({ type: 'subscribe', id: after, payload: { query: '{ __typename }' } })
  await first(message => message.id === after && isEnd(message))
  if (staysOpen && !messagesOf(id).some(isEnd)) send({ type: 'complete', id })
  else await first(message => message.id === id && isEnd(message))
  const [answer] = messagesOf(after)
  if (answer?.type !== 'next') throw new Error(`The small query was not answered: ${JSON.stringify(answer)}`)
  const messages = messagesOf(id)
  forget(id)
  forget(after)
  return messages
}
