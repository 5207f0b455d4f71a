import { expect, onTestFinished, test } from 'vitest'
import { createConfirm } from '../../src/auth/authenticate.ts'
import { revokeKey } from '../../src/domain/key/revoke.ts'
import { openDatabase } from '../support/databases.ts'
import { newClient, newWorkspace } from '../support/gateway.ts'

const rejection = { code: 'UNAUTHENTICATED' }

async function twoKeys() {
  const statements: string[] = []
  const database = await openDatabase({ log: ({ query }) => void statements.push(query.sql) })
  onTestFinished(database.close)
  const actors = await Promise.all(
    [1, 2].map(async () => {
      const { id: workspaceId } = await newWorkspace({ url: '', db: database.db })
      const { id: keyId } = await newClient({ url: '', db: database.db }, workspaceId)
      return { workspaceId, keyId, id: keyId, scopes: ['read', 'write'] as const }
    }),
  )
  const [lasting, ending] = actors
  if (!lasting || !ending) throw new Error('There are two keys.')
  statements.splice(0)
  const revoke = ({ workspaceId, keyId }: typeof ending) =>
    database.db.transaction().execute(writer => revokeKey(writer, workspaceId, keyId))
  return { statements, confirm: createConfirm(database.reserved), lasting, ending, revoke }
}

test('keys that are to be confirmed meanwhile share the next statement, and each has its own answer', async () => {
  const { statements, confirm, lasting, ending, revoke } = await twoKeys()
  await revoke(ending)
  statements.splice(0)
  const outcomes = await Promise.allSettled([lasting, ending, lasting, ending, lasting].map(confirm))
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true])
  expect(outcomes[1]).toMatchObject({ reason: rejection })
  expect(statements).toHaveLength(2)
})

test('a key that was revoked while another statement ran is not confirmed by it', async () => {
  const { confirm, lasting, ending, revoke } = await twoKeys()
  const running = confirm(lasting)
  await revoke(ending)
  await expect(confirm(ending)).rejects.toMatchObject(rejection)
  await running
})
