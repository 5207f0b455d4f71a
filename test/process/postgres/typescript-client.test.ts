import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { newPostgresDatabase } from '../../support/databases.ts'
import { client } from '../../support/gateway.ts'
import { startProcess } from '../../support/process.ts'
import { test } from '../../support/program.ts'

test('the typed example shows a list, and every change across a restart', async ({
  start,
  onTestFinished,
}) => {
  const path = 'examples/typescript-client/client.ts'
  expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(80)
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true }))
  const environment = {
    DATA_DIR,
    DATABASE_URL: await newPostgresDatabase(),
    DEMO: '1',
    DEMO_API_KEY: 'demo-key',
  }
  const running = await startProcess(start, environment)
  const example = start([path, running.url, 'demo-key'], {})
  const lines: string[] = []
  createInterface({ input: example.stdout }).on('line', line => lines.push(line))
  await expect.poll(() => lines).toHaveLength(6)
  expect(lines[0]).toBe('Tidy Support: the newest 5 open conversations')
  expect(lines[1]).toBe('thd_xyz789 Jane Doe: Billing question')

  const set = (status: string) =>
    client(running.url, 'demo-key').graphql(
      `mutation { setConversationStatus(input: { conversationId: "thd_xyz789", status: ${status} }) { cursor } }`,
    )
  await set('CLOSED')
  await expect.poll(() => lines.at(-1)).toBe('thd_xyz789 went from OPEN to CLOSED')
  await running.end('SIGKILL')
  const again = await startProcess(start, { ...environment, PORT: new URL(running.url).port })
  await set('ARCHIVED')
  await expect.poll(() => lines.at(-1)).toBe('thd_xyz789 went from CLOSED to ARCHIVED')
  expect(lines).toHaveLength(8)
  expect(await again.end()).toBe(0)
})
