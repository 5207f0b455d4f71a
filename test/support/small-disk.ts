import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Only a privileged user may mount a file system; elsewhere such a test is left out. */
export const cannotMount =
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status !== 0

/** A file system of its own in memory, so that a test can fill it. */
export function mountSmallDisk(megabytes: number) {
  const path = mkdtempSync(join(tmpdir(), 'gateway-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path])
  chmodSync(path, 0o755)
  // The shell's standard input ends when this process does, in whichever way.
  const guard = spawn('sh', ['-c', 'read _; umount -l "$0"; rmdir "$0"', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ballast = join(path, 'ballast')
  return {
    path,
    /** Leaves no byte free. */
    fill(): void {
      const file = openSync(ballast, 'a')
      for (let chunk = Buffer.alloc(1024 * 1024); chunk.length >= 4_096; ) {
        try {
          if (writeSync(file, chunk) === chunk.length) continue
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
        chunk = chunk.subarray(0, chunk.length / 2)
      }
      closeSync(file)
    },
    free: () => rmSync(ballast, { force: true }),
    async unmount(): Promise<void> {
      guard.stdin.end()
      const [code] = await once(guard, 'exit')
      if (code !== 0) throw new Error(`${path} was not unmounted.`)
    },
  }
}
