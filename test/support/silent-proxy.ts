import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf } from './postgres.ts'

/** A way to a PostgreSQL server that can fall silent: what is open stays open, and nothing passes any more, or later. */
export type SilentProxy = {
  /** The address of a database through the proxy. */
  url: string
  /** Lets nothing more pass over the connections that are open now. New ones work. */
  silence(): void
  /** Keeps what is sent over the connections that are open now, until what it returns is called. */
  hold(): () => void
  /** Leads to another server from now on, and cuts what is open. */
  leadTo(database: string): void
  close(): Promise<void>
}

/** Stands in front of the server of a database, on a socket of its own. */
export async function startSilentProxy(database: string): Promise<SilentProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-proxy-'))
  let behind = folderOf(database)
  const pairs = new Set<[Socket, Socket]>()
  const server = createServer(client => {
    const upstream = connect(join(behind, '.s.PGSQL.5432'))
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        for (const other of pair) other.destroy()
        pairs.delete(pair)
      })
    }
  })
  function cut(): void {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  await new Promise<void>(resolve =>
    server.listen({ path: join(folder, '.s.PGSQL.5432'), writableAll: true }, resolve),
  )
  // A pooler that is another user comes through it too.
  chmodSync(folder, 0o755)
  return {
    url: database.replace(encodeURIComponent(behind), encodeURIComponent(folder)),
    leadTo(other) {
      behind = folderOf(other)
      cut()
    },
    silence() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream)
        upstream.unpipe(client)
        client.resume()
        upstream.resume()
      }
    },
    hold() {
      const held = [...pairs]
      for (const [client, upstream] of held) client.unpipe(upstream)
      return () => {
        for (const [client, upstream] of held) client.pipe(upstream)
      }
    },
    async close() {
      cut()
      await new Promise(resolve => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
