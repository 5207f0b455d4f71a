import { linkSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

/** `place`: where the process id means a process: the boot of a machine, and a namespace of process ids on it. */
type Holder = { pid: number; started?: string; place?: string }

const beatEveryMs = 2_000
/** A holder elsewhere that shows no sign of life for this long is gone. */
const silentAfterMs = 10_000
const lookEveryMs = 250

/**
 * Locks a directory for this process.
 *
 * The lock file is written under another name and then linked into place, so nobody reads a half-written file. It holds
 * the process id and the start time of the process, because process ids are reused. When that process is gone, the lock
 * is taken over, by one process at a time. The process id of another container or host means nothing here: whether its
 * process lives is seen by the time of the lock file, which the holder renews. That takes up to 10 seconds.
 *
 * @returns a function that releases the lock
 * @throws Error for the operator when another process holds the lock; the other files of the directory are not touched
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'lock')
  const takeover = join(directory, 'lock.takeover')
  const mine = join(directory, `lock.${process.pid}`)
  const me = JSON.stringify({ pid: process.pid, started: startOf(process.pid), place: here() })
  writeFileSync(mine, me)
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (link(mine, path)) return hold(path, me)
      const holder = read(path)
      if (holder && isAlive(holder, path)) throw inUse(directory, holder)
      if (link(mine, takeover)) removeStale(path, takeover, holder)
      else if (isStale(takeover)) rmSync(takeover, { force: true })
    }
    throw new Error(`${path} could not be taken: other processes keep starting in this directory.`)
  } finally {
    rmSync(mine, { force: true })
  }
}

function inUse(directory: string, holder: Holder): Error {
  const where = isHere(holder) ? '' : ' of another container or host'
  return new Error(
    `${directory} is in use by process ${holder.pid}${where}. Stop it first, or set DATA_DIR to another directory.`,
  )
}

/** Checks again before it removes: a process that took over in the meantime holds a lock that is not stale. */
function removeStale(path: string, takeover: string, gone: Holder | null): void {
  try {
    if (JSON.stringify(read(path)) === JSON.stringify(gone)) rmSync(path, { force: true })
  } finally {
    rmSync(takeover, { force: true })
  }
}

/** Shows that the holder lives, until the lock is released. */
function hold(path: string, holder: string): () => void {
  const workerData = { path, holder, everyMs: beatEveryMs }
  const beating = new Worker(new URL('lock-heartbeat.ts', import.meta.url), { workerData })
  // The gateway goes on without it: only a process of another container could then take the lock.
  beating.on('error', error => process.emitWarning(`The lock of the directory is not renewed: ${error}`))
  beating.unref()
  return () => {
    void beating.terminate()
    if (JSON.stringify(read(path)) === holder) rmSync(path, { force: true })
  }
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
  return holder !== null && !isAlive(holder, path)
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

const isHere = ({ place }: Holder) => place === undefined || place === here()

function isAlive(holder: Holder, path: string): boolean {
  const { pid, started } = holder
  if (pid === 0) return false
  if (!isHere(holder)) return isRenewed(path)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return startOf(pid) === started
}

/** Whether the time of a file changes while it is watched. The clocks of two hosts differ, so it is not compared with ours. */
function isRenewed(path: string): boolean {
  const timeOf = () => statSync(path, { throwIfNoEntry: false })?.mtimeMs
  const first = timeOf()
  const begun = performance.now()
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  while (first !== undefined && performance.now() - begun < silentAfterMs) {
    Atomics.wait(nothing, 0, 0, lookEveryMs)
    const time = timeOf()
    if (time !== first) return time !== undefined
  }
  return false
}

/** Without /proc, process ids are those of the host. */
function here(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
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
