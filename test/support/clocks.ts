import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Clocks that are wrong for one process, by libfaketime (https://github.com/wolfcw/libfaketime), which `.ci/run` installs.

/** A test that needs it is left out where it is not installed. */
export const cannotSetClocks = spawnSync('faketime', ['--version']).status !== 0

const library = () =>
  execFileSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim()

const shared = () => ({ LD_PRELOAD: library(), DONT_FAKE_MONOTONIC: '1' })

/** The environment of a process whose clock is off by this many seconds. */
export const clockOff = (seconds: number): Record<string, string> => ({
  ...shared(),
  FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}`,
})

/** A clock that jumps while its processes run. */
export function jumpingClock() {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-clock-'))
  chmodSync(folder, 0o755)
  const path = join(folder, 'off')
  const jumpTo = (seconds: number) => writeFileSync(path, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  jumpTo(0)
  return {
    environment: { ...shared(), FAKETIME_TIMESTAMP_FILE: path, FAKETIME_NO_CACHE: '1' },
    /** Sets it this many seconds off the right time. */
    jumpTo,
    remove: () => rmSync(folder, { recursive: true }),
  }
}
