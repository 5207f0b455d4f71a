import type { Writable } from 'node:stream'

const held = new WeakSet<Writable>()

/**
 * Holds what is written to a socket until nothing more can be done without waiting, and then sends it in one piece. So what
 * is sent one behind the other is one write, and whoever receives it wakes up once.
 */
export function holdWrites(socket: Writable): void {
  if (held.has(socket)) return
  held.add(socket)
  socket.cork()
  const release = () => {
    held.delete(socket)
    socket.uncork()
  }
  // From a microtask, so that all of them have run when it is called, and what they have sent is held.
  queueMicrotask(() => process.nextTick(release))
}
