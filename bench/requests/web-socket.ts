import { type FrameSocket, openFrames } from '../frames.ts'
import type { Answer, Connection } from './load.ts'
import type { Request } from './operations.ts'

/** What a `next` message has beside the answer and the operation's id. */
const envelopeBytes = '{"id":"","type":"next","payload":}'.length

/** A connection that sends the body of each request over one WebSocket. Its answers tell only their size. */
export function openWebSocket(url: string, authorization: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let sent = 0
    let bytes = 0
    let settle = (_answer: Answer) => {}
    let fail: (error: Error) => void = reject

    const connectionOn = (socket: FrameSocket): Connection => ({
      send: ({ body }: Request) =>
        new Promise((answered, failed) => {
          settle = answered
          fail = failed
          socket.send(`{"id":"${++sent}","type":"subscribe","payload":${body}}`)
        }),
      close: socket.close,
    })

    openFrames(
      `${url.replace('http', 'ws')}/graphql`,
      socket => {
        settle = () => resolve(connectionOn(socket))
        socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
      },
      (head, length) => {
        if (head.includes('"next"')) bytes = length - envelopeBytes - `${sent}`.length
        else if (/"complete"|connection_ack/.test(head)) settle({ link: null, chunks: [], bytes })
        else if (!head.includes('"ping"')) fail(new Error(`${url} answered ${head}.`))
      },
    )
  })
}
