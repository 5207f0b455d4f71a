import { appendFileSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { startProcess } from '../../../support/process.ts'
import { test } from '../../../support/program.ts'

// The test of a run that another test starts: it starts gateways, writes their process ids down, and then hangs.

const directory = process.env.DIRECTORY ?? ''
const environment = () => ({ DATA_DIR: mkdtempSync(join(directory, 'data-')), DEMO: '0' })
const writeDown = (pid: number | undefined) => appendFileSync(join(directory, 'pids'), `${pid}\n`)

test.beforeAll(async ({ startForFile }) => {
  writeDown(process.pid)
  const { child } = await startProcess(startForFile, environment())
  writeDown(child.pid)
})

test('a test that hangs with a gateway of its own', async ({ start }) => {
  writeDown(start(['src/main.ts'], environment()).pid)
  await new Promise(() => {})
})
