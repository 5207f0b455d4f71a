import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { isAlive } from '../../support/program.ts'

test('SIGTERM to `npm start` ends the gateway in order', async ({ onTestFinished }) => {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-npm-'))
  const npm = spawn('npm', ['start'], {
    env: { PATH: process.env.PATH, HOME: directory, PORT: '0', DATA_DIR: directory, DEMO: '0' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  const exited = once(npm, 'exit')
  onTestFinished(async () => {
    // Whatever is left of its group.
    if (npm.pid !== undefined && isAlive(-npm.pid)) process.kill(-npm.pid, 'SIGKILL')
    await exited
    rmSync(directory, { recursive: true, force: true })
  })
  const messages: string[] = []
  let gateway = 0
  for await (const text of createInterface({ input: npm.stdout })) {
    if (!text.startsWith('{')) continue
    const line = JSON.parse(text) as { msg: string; pid: number }
    messages.push(line.msg)
    if (line.msg !== 'ready') continue
    gateway = line.pid
    npm.kill('SIGTERM')
  }
  await exited
  expect(messages).toContain('closed')
  await expect.poll(() => isAlive(gateway)).toBe(false)
})
