import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type User = { uid: number; gid: number }

/**
 * Starts a server that goes away with the process that started it, even when that is killed, and its directory with it.
 *
 * @param signal ends it at once
 */
export function startServer(
  command: readonly string[],
  directory: string,
  { signal, ...as }: Omit<SpawnOptions, 'signal'> & { signal: 'QUIT' | 'TERM' },
): ChildProcess {
  // The shell waits for its standard input to end, which it does however this process ends, and then stops the server.
  const script = `"$@" & server=$!; read _; kill -${signal} $server; wait $server; rm -rf "$0"`
  return spawn('sh', ['-c', script, directory, ...command], { ...as, stdio: ['pipe', 'ignore', 'pipe'] })
}

/** Waits until a server says so in its log. @throws Error with the log when it ends */
export function saysReady(server: ChildProcess, words: RegExp): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    server.stderr?.on('data', chunk => {
      log = `${log}${chunk}`.slice(-10_000)
      if (words.test(log)) resolve()
    })
    server.once('error', reject)
    server.once('exit', code => reject(new Error(`${server.spawnargs[4]} ended with ${code}:\n${log}`)))
  })
}

export async function stopServer(server: ChildProcess): Promise<void> {
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.stdin?.end()
  await ended
}

/** Servers of databases refuse to run as root. null: this process runs as somebody else already. */
export function unprivileged(): User | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (!user) throw new Error('As root, PostgreSQL needs a user to run as: add one called postgres or nobody.')
  return { uid: Number(user[2]), gid: Number(user[3]) }
}
