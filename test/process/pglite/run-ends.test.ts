import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { test as base, isAlive } from '../../support/program.ts'

const runner = 'node_modules/vitest/vitest.mjs'
const config = 'test/process/pglite/hanging/hanging.config.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'gateway-run-'))
    onCleanup(() => rmSync(directory, { recursive: true, force: true }))
    return directory
  })
  // A run whose one test starts two gateways and hangs.
  .extend('run', ({ start, directory }) => {
    const run = start([runner, 'run', '--config', config], { DIRECTORY: directory, NO_COLOR: '1' })
    return { run, output: Promise.all([text(run.stdout), text(run.stderr)]), exited: once(run, 'exit') }
  })

/** The processes of the run: the worker, and a gateway of the file and one of the test. */
const pidsIn = (directory: string): number[] => {
  const path = join(directory, 'pids')
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').map(Number) : []
}

test('a run whose test hangs with a gateway fails, ends by itself, and leaves no process', async ({
  run: { output, exited },
  directory,
}) => {
  // The output ends only when no process of the run has it open any more.
  const [, errors] = await output
  expect(await exited).toEqual([1, null])
  expect(errors).toContain('Test timed out in 1000ms')
  expect(pidsIn(directory)).toHaveLength(3)
  await expect.poll(() => pidsIn(directory).filter(isAlive)).toEqual([])
})

test('a run that is killed leaves no process', async ({ run: { run, output }, directory }) => {
  await expect.poll(() => pidsIn(directory).length).toBe(3)
  run.kill('SIGKILL')
  await output
  await expect.poll(() => pidsIn(directory).filter(isAlive)).toEqual([])
})
