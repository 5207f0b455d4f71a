import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { migrate } from '../../../src/db/migrate.ts'
import { openPostgres } from '../../../src/db/open-postgres.ts'
import { newConversation, newWorkspace, startGateway } from '../../support/gateway.ts'

/** The address of an empty database with the rules of Turkish, where the small letter of I has no dot. */
async function turkishDatabase(): Promise<string> {
  const server = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client(server)
  await client.connect()
  await client.query(
    `create database ${name} template template0 encoding 'UTF8' locale_provider icu icu_locale 'tr-TR' locale 'C'`,
  )
  await client.end()
  return server.replace('/postgres?', `/${name}?`)
}

test('addresses are the same whatever their case, by the rules of Turkish too', async () => {
  const database = openPostgres(await turkishDatabase())
  await migrate(database.db)
  const gateway = await startGateway({ database })
  onTestFinished(() => gateway.close())
  const { client } = await newWorkspace(gateway)
  const first = await newConversation(client, 'INFO@Example.com')
  const second = await newConversation(client, 'info@example.com')
  expect(second.contactId).toBe(first.contactId)
  const { data } = await client.graphql<{ contactByEmail: { id: string } | null }>(
    '{ contactByEmail(email: "Info@EXAMPLE.COM") { id } }',
  )
  expect(data.contactByEmail?.id).toBe(first.contactId)
})
