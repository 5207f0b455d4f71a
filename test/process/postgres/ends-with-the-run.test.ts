import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { isAlive, test } from '../../support/program.ts'

test('the PostgreSQL of a run ends when the run is killed', async ({ start }) => {
  const script = `
    const { startPostgres } = await import('./test/support/postgres.ts')
    const { readFileSync } = await import('node:fs')
    const server = await startPostgres()
    const directory = decodeURIComponent(server.url('x').split('host=')[1])
    console.log(readFileSync(directory + '/data/postmaster.pid', 'utf8').split('\\n')[0])`
  const parent = start(['--input-type=module', '-e', script], {})
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const alive = () => isAlive(Number(line))
  expect(alive()).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(alive).toBe(false)
})
