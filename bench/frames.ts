import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/**
 * A WebSocket client that costs almost nothing, so that only the server is measured. It reads only the beginning of
 * each frame.
 */
export type FrameSocket = { send(text: string): void; close(): Promise<void> }

/** Connects and calls back for each frame of the server with its first bytes and its length (RFC 6455, 5.2; servers do not mask). */
export function openFrames(
  url: string,
  onOpen: (socket: FrameSocket) => void,
  onFrame: (head: string, length: number) => void,
) {
  const { hostname, port, pathname } = new URL(url)
  const stream = connect(Number(port), hostname)
  stream.setNoDelay(true)
  let buffered: Buffer = Buffer.alloc(0)
  let skip = 0
  let upgraded = false

  const socket: FrameSocket = {
    send: text => stream.write(masked(text)),
    close: () => new Promise(resolve => stream.once('close', () => resolve()).destroy()),
  }
  stream.on('error', () => stream.destroy())
  stream.once('connect', () =>
    stream.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n` +
        'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    ),
  )
  stream.on('data', (chunk: Buffer) => {
    if (skip >= chunk.length) {
      skip -= chunk.length
      return
    }
    buffered = buffered.length > 0 ? Buffer.concat([buffered, chunk]) : chunk
    if (skip > 0) {
      buffered = buffered.subarray(skip)
      skip = 0
    }
    if (!upgraded) upgraded = shakeHands()
    if (upgraded) readFrames()
  })

  function shakeHands(): boolean {
    const end = buffered.indexOf('\r\n\r\n')
    if (end < 0) return false
    buffered = buffered.subarray(end + 4)
    setImmediate(() => onOpen(socket))
    return true
  }

  function readFrames(): void {
    while (buffered.length >= 2) {
      const short = (buffered[1] ?? 0) & 0x7f
      const header = short === 126 ? 4 : short === 127 ? 10 : 2
      if (buffered.length < header + 40 && buffered.length < header + short) return
      if (buffered.length < header) return
      const length =
        short === 126 ? buffered.readUInt16BE(2) : short === 127 ? Number(buffered.readBigUInt64BE(2)) : short
      onFrame(buffered.toString('latin1', header, header + 30), length)
      const end = header + length
      if (buffered.length < end) {
        skip = end - buffered.length
        buffered = Buffer.alloc(0)
        return
      }
      buffered = buffered.subarray(end)
    }
  }
  return stream as Socket
}

/** A text frame with a mask of zeros, which leaves the text as it is. */
function masked(text: string): Buffer {
  const payload = Buffer.from(text)
  const long = payload.length > 125
  const head = Buffer.alloc(long ? 8 : 6)
  head[0] = 0x81
  head[1] = 0x80 | (long ? 126 : payload.length)
  if (long) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
