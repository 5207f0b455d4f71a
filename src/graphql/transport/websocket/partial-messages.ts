import type { Socket } from 'node:net'
import type { Release } from '../../../runtime/quota.ts'

/** What a socket may have sent of a message that is not complete, before it counts among the bytes of its key. */
const freeBytes = 64 * 1024

export type PartialMessageOptions = {
  /** Counts bytes among those of the socket's key; null: there is no room for them, or no key has been shown. */
  take(bytes: number): Release | null
  /** Called when the socket has sent more than it may. Nothing more is read from it. */
  onTooMuch(): void
}

/**
 * Counts the bytes of messages that are not complete, which ws keeps until the last one has come. A thousand sockets
 * that each keep back the end of a large message would fill the memory.
 *
 * @returns to be called with each complete message, and when the socket has closed
 */
export function countPartialMessages(stream: Socket, { take, onTooMuch }: PartialMessageOptions): () => void {
  let bytes = 0
  let releases: Release[] = []
  stream.on('data', chunk => {
    bytes += chunk.length
    if (bytes <= freeBytes) return
    const release = take(chunk.length)
    if (release) return releases.push(release)
    stream.pause()
    return onTooMuch()
  })
  return () => {
    bytes = 0
    for (const release of releases) release()
    releases = []
  }
}
