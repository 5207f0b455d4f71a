import { expect, test } from 'vitest'
import { commands } from '../../src/commands.ts'
import { refusedByCitus } from '../support/citus/forms.ts'
import { openDatabase } from '../support/databases.ts'

test('the commands of an operator are executed on every database', async ({ onTestFinished }) => {
  const statements: string[] = []
  const database = await openDatabase({ log: ({ query }) => void statements.push(query.sql) })
  onTestFinished(database.close)
  const left = new Set(Object.keys(commands))
  const run = (name: string, values: object = {}, ...rest: string[]) => {
    left.delete(name)
    return commands[name]?.run(database.reserved, { workspace: 'wrk_a', ...values }, rest) ?? ''
  }
  await run('migrate')
  await run('workspaces create', { name: 'Acme', id: 'wrk_a' })
  await run('workspaces list')
  const agentId = await run('agents create', { name: 'Ada', email: 'ada@acme.test' })
  await run('agents rename', { name: 'Ada L.' }, agentId)
  await run('agents list')
  const channelId = await run('channels create', { name: 'Mail', address: 'help@acme.test' })
  await run('channels rename', { name: 'Post' }, channelId)
  await run('channels list')
  await run('keys create', { name: 'ci', scope: ['read'], agent: agentId })
  const [keyId = ''] = (await run('keys list')).split('\t')
  await run('keys revoke', {}, keyId)
  await run('agents deactivate', {}, agentId)
  await run('counts verify')
  await run('counts repair')
  await run('log new-epoch')
  expect(left).toEqual(new Set())
  const refused = statements.map(text => ({ text, refusal: refusedByCitus(text) }))
  expect(refused.filter(({ refusal }) => refusal !== null)).toEqual([])
})
