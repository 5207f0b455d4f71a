import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Holder = { pid: number; started?: string }

/**
 * Locks a directory for this process.
 *
 * The lock file is written under another name and then linked into place, so nobody reads a half-written file. It holds
 * the process id and the start time of the process, because process ids are reused. When that process is gone, the lock
 * is taken over, by one process at a time.
 *
 * @returns a function that releases the lock
 * @throws Error for the operator when another process holds the lock; the other files of the directory are not touched
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'lock')
  const takeover = join(directory, 'lock.takeover')
  const mine = join(directory, `lock.${process.pid}`)
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }))
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (link(mine, path)) return () => release(path)
      const holder = read(path)
      if (holder && isAlive(holder)) throw inUse(directory, holder)
      if (link(mine, takeover)) removeStale(path, takeover)
      else if (isStale(takeover)) rmSync(takeover, { force: true })
    }
    throw new Error(`${path} could not be taken: other processes keep starting in this directory.`)
  } finally {
    rmSync(mine, { force: true })
  }
}

const inUse = (directory: string, { pid }: Holder) =>
  new Error(`${directory} is in use by process ${pid}. Stop it first, or set DATA_DIR to another directory.`)

/** Checks again before it removes: a process that took over in the meantime holds a lock that is not stale. */
function removeStale(path: string, takeover: string): void {
  try {
    if (isStale(path)) rmSync(path, { force: true })
  } finally {
    rmSync(takeover, { force: true })
  }
}

function release(path: string): void {
  if (read(path)?.pid === process.pid) rmSync(path, { force: true })
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isStale(path: string): boolean {
  const holder = read(path)
  return holder !== null && !isAlive(holder)
}

/**
 * The holder of a lock file; null: there is no file. For a file that cannot be read the pid is 0, which counts as dead.
 */
function read(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : { pid: 0 }
  }
}

function isAlive({ pid, started }: Holder): boolean {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return startOf(pid) === started
}

/** The start time of a process in clock ticks, field 22 of its stat in proc(5); undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
