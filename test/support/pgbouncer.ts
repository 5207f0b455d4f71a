import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf } from './postgres.ts'
import { saysReady, startServer, stopServer, unprivileged } from './server-process.ts'

/** A PgBouncer in transaction mode in front of a PostgreSQL, on a socket in a directory of its own. */
export type PgBouncer = {
  /** The address of a database, through the pooler. */
  through(database: string): string
  /** It does nothing until it is thawed, and its connections stay open. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

/** Where Debian puts it: not every path of a user has this folder. */
export const program = '/usr/sbin/pgbouncer'

/** Each transaction goes to the session that was idle for longest, so consecutive ones have different sessions. */
const settingsFor = (server: string, directory: string, ignoring: string) => `
[databases]
* = host=${server} user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = ${directory}
listen_port = 5432
auth_type = any
pool_mode = transaction
server_round_robin = 1
default_pool_size = 20
server_idle_timeout = 5
server_login_retry = 1
max_client_conn = 2000
ignore_startup_parameters = ${ignoring}
`

/**
 * @param database the address of a database on the server that it stands in front of
 * @param ignoring the settings of sessions that it takes and ignores, instead of refusing them
 */
export async function startPgBouncer(database: string, ignoring = ''): Promise<PgBouncer> {
  const user = unprivileged()
  const directory = mkdtempSync(join(tmpdir(), 'gateway-pgbouncer-'))
  const settings = join(directory, 'pgbouncer.ini')
  const server = folderOf(database)
  writeFileSync(settings, settingsFor(server, directory, ignoring))
  chmodSync(directory, 0o755)
  if (user) for (const path of [directory, settings]) chownSync(path, user.uid, user.gid)
  const child = startServer([program, settings], directory, { ...user, cwd: directory, signal: 'TERM' })
  await saysReady(child, /process up/)
  // The child is the shell that guards it.
  const signal = (name: NodeJS.Signals) => {
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    for (const pid of children.match(/\d+/g) ?? []) process.kill(Number(pid), name)
  }
  return {
    through: address => address.replace(encodeURIComponent(server), encodeURIComponent(directory)),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      if (child.exitCode === null) signal('SIGCONT')
      await stopServer(child)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
