import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'

/** Linux counts the CPU time of a process in hundredths of a second. */
const tickMs = 10

type Stat = { name: string; parent: number; ownMs: number; endedChildrenMs: number }

/** What the kernel knows of a process, its threads included (proc(5), /proc/pid/stat). */
function statOf(pid: number): Stat {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  const sum = (...indices: number[]) => indices.reduce((ms, index) => ms + Number(fields[index]) * tickMs, 0)
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    parent: Number(fields[1]),
    ownMs: sum(11, 12),
    endedChildrenMs: sum(13, 14),
  }
}

/** User and system time of a process so far, in milliseconds. */
export const cpuMs = (pid: number) => statOf(pid).ownMs

/** User and system time of a PostgreSQL so far, all its processes together, in milliseconds. */
export function postgresCpuMs(postmaster: number): number {
  const { ownMs, endedChildrenMs } = statOf(postmaster)
  const children = readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .map(entry => {
      try {
        return statOf(Number(entry))
      } catch {
        // It has ended since the directory was read.
        return null
      }
    })
    .filter(stat => stat?.parent === postmaster)
  return children.reduce((ms, stat) => ms + (stat?.ownMs ?? 0), ownMs + endedChildrenMs)
}

/** The process that all processes of this PostgreSQL descend from; null: it runs on another machine. */
export async function postmasterOf(url: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const { name, parent } = statOf(rows[0]?.pid ?? 0)
    return name.startsWith('postgres') ? parent : null
  } catch {
    return null
  } finally {
    await client.end()
  }
}
