import { readFileSync, utimesSync, writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/** A thread that shows that the holder of a lock file lives, also while a statement keeps the process itself busy. */
const { path, holder, everyMs } = workerData as { path: string; holder: string; everyMs: number }

function beat(): void {
  if (isOurs()) renew()
  else end()
}

/** This process was frozen, and another one took the lock over. Writing on would destroy the database. */
function end(): void {
  writeSync(2, `${path} is not ours any more: the process ends at once.\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** If the directory cannot be written now, the next beat tries again. */
function renew(): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {}
}

/** A file that cannot be read now, with too many files open for instance, tells nothing. */
function isOurs(): boolean {
  try {
    return readFileSync(path, 'utf8') === holder
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

setInterval(beat, everyMs)
