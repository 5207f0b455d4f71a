import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A server under measurement, in a process of its own. */
export type Server = { name: ServerName; url: string; pid: number; stop(): Promise<void> }

export type ServerName = keyof typeof entries

const root = new URL('../../', import.meta.url)

const entries = {
  gateway: 'src/main.ts',
  'gateway, kept answers': 'src/main.ts',
  'gateway over WebSocket': 'src/main.ts',
  bare: 'bench/peers/bare.ts',
  'bare, JSON by Postgres': 'bench/peers/bare-json.ts',
  'Mercurius 16 + JIT': 'bench/peers/mercurius.ts',
  'Apollo Server 5': 'bench/peers/apollo.ts',
  'PostGraphile 5': 'bench/peers/postgraphile.ts',
  'Fastify + pg': 'bench/peers/fastify.ts',
  'by hand': 'bench/peers/by-hand.ts',
}

/** Limits that no load reaches: the benchmark is a single client, and what it asks is not to be refused. */
const unlimited = {
  MAX_COST_PER_MINUTE: '9999999999',
  MAX_DOCUMENT_CHARACTERS_PER_MINUTE: '9999999999',
  MAX_CHANGES_PER_HOUR: '9999999999',
  MAX_TEXT_BYTES_PER_HOUR: '9999999999',
}

/**
 * Starts a server on the database, and waits until it says where it listens.
 * @param databaseUrl null: the gateway's embedded database in the directory
 */
export async function start(
  name: ServerName,
  databaseUrl: string | null,
  directory: string,
): Promise<Server> {
  const kept = name === 'gateway, kept answers' ? {} : { ANSWER_CACHE_BYTES: '0' }
  const settings = { HOST: '127.0.0.1', PORT: '0', DEMO: '0', DATA_DIR: directory }
  const database = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }
  const child = spawn(process.execPath, [entries[name]], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...settings, ...database, ...kept, ...unlimited },
  })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const url = await readyUrl(child, name)
  return {
    name,
    url,
    pid: child.pid ?? 0,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** The url in the line that says "ready". What comes later is dropped unread, so that the server never waits for us. */
function readyUrl(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`${name} ended with ${code}.`)))
    const { stdout } = child
    if (!stdout) return reject(new Error(`${name} has no output.`))
    const lines = createInterface(stdout).on('line', line => {
      if (!line.startsWith('{')) return
      const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
      if (msg !== 'ready' || !url) return
      lines.close()
      stdout.resume()
      resolve(url)
    })
  })
}
