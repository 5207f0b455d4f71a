import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, describe, expect } from 'vitest'
import { lockDirectory } from '../../src/db/directory-lock.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'gateway-lock-'))
    onCleanup(() => rmSync(directory, { recursive: true }))
    return directory
  })

/** A process id that means nothing any more. */
const deadPid = () => spawnSync('true').pid

describe('a lock that nobody holds is taken over', () => {
  test.for<[string, () => string]>([
    ['an empty one', () => ''],
    ['garbage', () => '{"pid":'],
    ['one of a process that is gone', () => JSON.stringify({ pid: deadPid(), started: '1' })],
    ['one whose process id is used again', () => JSON.stringify({ pid: process.pid, started: '1' })],
  ])('%s', ([_, content], { directory }) => {
    const path = join(directory, 'lock')
    writeFileSync(path, content())
    const unlock = lockDirectory(directory)
    expect(existsSync(path)).toBe(true)
    unlock()
    expect(existsSync(path)).toBe(false)
  })

  test('also when a process has died while it took it over', ({ directory }) => {
    writeFileSync(join(directory, 'lock'), '')
    writeFileSync(join(directory, 'lock.takeover'), JSON.stringify({ pid: deadPid(), started: '1' }))
    lockDirectory(directory)()
    expect(existsSync(join(directory, 'lock.takeover'))).toBe(false)
  })
})

test('a lock that is held is refused in words, and left as it is', ({ directory }) => {
  const unlock = lockDirectory(directory)
  expect(() => lockDirectory(directory)).toThrow(
    `${directory} is in use by process ${process.pid}. Stop it first, or set DATA_DIR to another directory.`,
  )
  unlock()
  lockDirectory(directory)()
})
