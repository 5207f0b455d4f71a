import type { Socket as Stream } from 'node:net'
import type { WebSocket } from 'ws'
import type { Actor } from '../../../domain/operation.ts'
import { clientLeft } from '../../../http/client-gone.ts'
import { queueOf } from '../../../http/stalled-answers.ts'
import type { Answer } from '../../../live/answer.ts'
import { countedAnswer } from '../../../live/counted-answer.ts'
import type { Subscriber } from '../../../live/subscriber.ts'
import { holdWrites } from '../../../runtime/hold-writes.ts'
import type { Quota, Release } from '../../../runtime/quota.ts'
import type { AnswerStream } from '../../execution/answer-stream.ts'
import type { AnswerText } from '../../execution/answer-text.ts'

/**
 * With more bytes waiting than this, a socket's subscribers leave the loop and get one awaited answer at a time. So that
 * all sockets of a key together stay within its bytes, the limit is lower where a key may have many sockets.
 */
const [minBufferedBytes, maxOfBufferedBytes] = [16 * 1024, 256 * 1024]
/** More than this is never handed over in one piece. */
const maxCharactersPerWrite = 64 * 1024
/** A socket that takes nothing for this long is closed. */
const stalledAfterMs = 30_000

/** One client's WebSocket: its operations and its backpressure. */
export type ClientSocket = {
  ws: WebSocket
  /** The client's address. */
  address: string
  /** The caller; null until `connection_init` has shown a valid credential. */
  actor: Actor | null
  /** The number of running operations, including those that are still opening or executing. */
  operations(): number
  /**
   * Begins an operation. Returns a signal that aborts when its client leaves it before it is open or has its result.
   * `release` is called when it has ended.
   *
   * @returns null while an earlier operation with this id is still opening: its client has left that one
   */
  begin(id: string, release: Release): AbortSignal | null
  /** Called when the client leaves an operation. */
  leave(id: string): void
  /** Called when the operation is open, executed or refused. */
  begun(id: string): void
  /** Sends the text of a query's or mutation's result as its `next` message. */
  sendAnswer(id: string, answer: AnswerText): void
  /** Streams a subscription's answers as `next` messages; resolves with the error that ended it, or null. */
  serve(id: string, answers: AnswerStream): Promise<unknown>
  /**
   * Sends a ping with the cursor up to which everything on this socket has been sent. A client that lags behind gets no
   * ping. While an operation is opening, the ping has no cursor.
   */
  ping(): void
  /** Answers a ping, unless its client leaves earlier answers unread. */
  pong(payload: unknown): void
  /** Closes the socket with 1013 if none of the waiting bytes has left for 30 seconds. */
  closeIfStalled(now: number): void
  /** Ends all its subscriptions. */
  end(): void
}

export type ClientSocketOptions = {
  /** The client's address. */
  address: string
  /** What each key has unsent. */
  unsent: Quota
  maxSocketsPerKey: number
}

const closingBrace = Buffer.from('}')

/** An operation that is not open yet, or has no result yet. */
type Opening = { left: AbortController; release: Release }

/** @param stream the underlying network socket, which tells how many bytes have really left */
export function createClientSocket(
  ws: WebSocket,
  stream: Stream,
  { address, unsent, maxSocketsPerKey }: ClientSocketOptions,
): ClientSocket {
  const share = Math.max(minBufferedBytes, Math.floor(unsent.max / maxSocketsPerKey))
  const maxBufferedBytes = Math.min(share, maxOfBufferedBytes)
  const opening = new Map<string, Opening>()
  const served = new Set<AnswerStream>()
  let sentBytes = 0
  let sentAt = performance.now()

  // The text of an answer is shared by all subscribers; only the operation's id differs.
  const headOf = (id: string) => `{"id":${JSON.stringify(id)},"type":"next","payload":`

  function subscriberOf(id: string, end: (error: unknown) => void): Subscriber {
    const head = headOf(id)
    const frame = ({ text }: Answer) => `${head}${text}}`
    return {
      send(answers) {
        stream.cork()
        for (const answer of answers) ws.send(frame(answer))
        stream.uncork()
      },
      async sendAndWait(make, signal) {
        const { answer, sent } = await countedAnswer(unsent, socket.actor?.keyId ?? '', make, signal)
        await new Promise<void>(resolve => ws.send(frame(answer), () => resolve()))
        sent()
      },
      isFull: characters => ws.bufferedAmount > maxBufferedBytes || characters > maxCharactersPerWrite,
      end,
    }
  }

  /**
   * The lowest position of all open subscriptions. There is none while an operation is opening: it may start further
   * back.
   */
  function cursor(): string | undefined {
    const positions = opening.size > 0 ? [] : [...served].map(answers => answers.position())
    return positions.filter(position => position !== null).sort()[0]
  }

  const socket: ClientSocket = {
    ws,
    address,
    actor: null,
    operations: () => opening.size + [...served].filter(answers => answers.isOpen()).length,
    begin(id, release) {
      if (opening.has(id)) {
        socket.leave(id)
        release()
        return null
      }
      const left = new AbortController()
      opening.set(id, { left, release })
      return left.signal
    },
    leave: id => opening.get(id)?.left.abort(clientLeft()),
    begun(id) {
      opening.get(id)?.release()
      opening.delete(id)
    },
    sendAnswer(id, { text, bytes }) {
      if (opening.get(id)?.left.signal.aborted) return
      const sent = unsent.hold(socket.actor?.keyId ?? '', bytes)
      const head = headOf(id)
      // Its `complete` follows without waiting.
      holdWrites(stream)
      if (typeof text === 'string') ws.send(`${head}${text}}`, sent)
      else ws.send(Buffer.concat([Buffer.from(head), text, closingBrace]), { binary: false }, sent)
    },
    serve(id, answers) {
      const operation = opening.get(id)
      if (!operation || operation.left.signal.aborted || ws.readyState !== ws.OPEN)
        return Promise.resolve(null)
      void answers.ended.then(operation.release)
      operation.release = () => {}
      const failed = Promise.withResolvers<unknown>()
      served.add(answers)
      answers.attach(subscriberOf(id, failed.resolve))
      const ended = answers.ended.then(() => {
        served.delete(answers)
        return null
      })
      return Promise.race([failed.promise, ended])
    },
    ping() {
      if (!socket.actor || ws.bufferedAmount > maxBufferedBytes) return
      const position = cursor()
      const payload = position === undefined ? {} : { payload: { cursor: position } }
      ws.send(JSON.stringify({ type: 'ping', ...payload }))
    },
    pong(payload) {
      if (ws.bufferedAmount > maxBufferedBytes) return
      const text = JSON.stringify({ type: 'pong', ...(payload === undefined ? {} : { payload }) })
      ws.send(text, unsent.hold(socket.actor?.keyId ?? '', text.length))
    },
    closeIfStalled(now) {
      const sent = stream.bytesWritten - stream.writableLength - queueOf(stream)
      if (stream.writableLength === 0 || sent !== sentBytes) {
        sentBytes = sent
        sentAt = now
      } else if (now - sentAt > stalledAfterMs) ws.close(1013, 'Try again later')
    },
    end() {
      for (const id of opening.keys()) socket.leave(id)
      for (const answers of served) void answers.return?.()
    },
  }
  return socket
}
