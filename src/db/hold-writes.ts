import type { Duplex } from 'node:stream'
import type pg from 'pg'

/** The socket of a connection. With TLS it is another one before the connection is made. */
export const streamOf = (client: pg.ClientBase): Duplex =>
  (client as unknown as { connection: { stream: Duplex } }).connection.stream

const held = new WeakSet<pg.ClientBase>()

/**
 * Holds what is written to a connection until nothing more can be done without waiting, and then sends it in one piece. So
 * statements that are sent one behind the other are one write, and the server wakes up once for all of them.
 */
export function holdWrites(client: pg.ClientBase): void {
  if (held.has(client)) return
  held.add(client)
  const stream = streamOf(client)
  const release = () => {
    held.delete(client)
    stream.uncork()
  }
  stream.cork()
  // From a microtask, so that all of them have run when it is called, and what they have sent is held.
  queueMicrotask(() => process.nextTick(release))
}
