import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Takes a directory for this process alone and answers how to give it back.
 *
 * The file is written whole under another name and then linked into place, so nobody ever reads half of one. It names
 * the process and its start time, as process ids are used again: a lock whose process is gone is taken over.
 *
 * @throws Error in words for the operator when another process holds it; nothing in the directory is touched.
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'lock')
  const mine = join(directory, `lock.${process.pid}`)
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }))
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (link(mine, path)) return () => rmSync(path, { force: true })
      const holder = read(path)
      if (holder && isAlive(holder.pid) && startOf(holder.pid) === holder.started)
        throw new Error(
          `${directory} is in use by process ${holder.pid}. Stop it first, or set DATA_DIR to another directory.`,
        )
      rmSync(path, { force: true })
    }
    throw new Error(`${path} could not be taken: other processes keep starting in this directory.`)
  } finally {
    rmSync(mine, { force: true })
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

function read(path: string): { pid: number; started?: string } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Field 22 of proc(5)'s stat, the start time in clock ticks; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
