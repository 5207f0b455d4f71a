import { sql } from 'kysely'
import {
  ConnectionHandler,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  Network,
  Observable,
  RecordSource,
  Store,
} from 'relay-runtime'
import { expect } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { test } from '../support/fixtures.ts'
import type { Client } from '../support/gateway.ts'
import { compileForRelay } from '../support/relay.ts'

const documents = [
  `fragment walk_contacts on Query
    @refetchable(queryName: "walkContactsQuery")
    @argumentDefinitions(count: { type: "Int", defaultValue: 50 }, cursor: { type: "String" }) {
    contacts(first: $count, after: $cursor) @connection(key: "walk_contacts") {
      edges { node { id email } }
    }
  }`,
]

/** Inserts contacts that were made this many milliseconds after the first moment. */
async function insertContacts(db: Db, workspaceId: string, name: string, afterMs: readonly number[]) {
  await sql`insert into contact (workspace_id, id, email, created_at)
    select ${workspaceId}, 'ctc_' || ${name}::text || n, ${name}::text || n || '@example.com',
      timestamptz '2026-01-01 00:00:00Z' + ms * interval '1 millisecond'
    from unnest(${afterMs}::int[]) with ordinality as made (ms, n)`.execute(db)
}

type Contacts = { contacts: { edges: { node: { id: string } }[] } }

/** Relay's environment, and the ids of all rows that came, in their order. Its store leaves out what comes twice. */
function environmentOf(client: Client) {
  const came: string[] = []
  async function answerTo(text: string, variables: Record<string, unknown>) {
    const answer = await client.graphql<Contacts>(text, variables)
    came.push(...answer.data.contacts.edges.map(({ node }) => node.id))
    return answer
  }
  const environment = new Environment({
    network: Network.create(({ text }, variables) =>
      Observable.from(answerTo(text ?? '', variables) as never),
    ),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 100 }),
  })
  return { environment, came }
}

test('Relay pages 1,000 rows without one missing or twice, while others are inserted', async ({
  gateway,
  acme,
}) => {
  const artifacts = await compileForRelay(documents)
  const query = artifacts.get('walkContactsQuery') as never
  const { environment, came } = environmentOf(acme.client)
  // Four rows of each moment: their order is decided by their ids.
  const moments = Array.from({ length: 1_000 }, (_, index) => Math.floor(index / 4) * 10)
  await insertContacts(gateway.db, acme.id, 'row', moments)

  const owner = createOperationDescriptor(query, { count: 50, cursor: null })
  environment.retain(owner)
  let cursor: string | null = null
  for (let page = 0; ; page += 1) {
    await fetchQuery(environment, query, { count: 50, cursor } as never).toPromise()
    const { hasNextPage, endCursor } = connectionOf(environment).pageInfo
    if (!hasNextPage) break
    expect(page).toBeLessThan(50)
    cursor = endCursor
    // Newer than all, in the middle of all, and older than all.
    await insertContacts(gateway.db, acme.id, `page${page}x`, [20_000 + page, 1_255 + (page % 5), -1 - page])
  }
  const ids = connectionOf(environment).ids
  expect(new Set(came).size).toBe(came.length)
  expect(ids).toEqual(came)
  expect(ids.filter(id => id.startsWith('ctc_row'))).toHaveLength(1_000)
  // Those older than all were inserted ahead of the cursor.
  expect(ids.filter(id => /^ctc_page\d+x3$/.test(id)).length).toBeGreaterThan(0)
})

/** The connection that the store has gathered from all pages. */
function connectionOf(environment: Environment) {
  const source = environment.getStore().getSource()
  const root = source.get('client:root') as Record<string, { __ref: string }>
  const key = ConnectionHandler.getConnectionID('client:root', 'walk_contacts')
  const record = source.get(root.__walk_contacts_connection?.__ref ?? key) as {
    edges: { __refs: string[] }
    pageInfo: { __ref: string }
  }
  const ids = record.edges.__refs.map(edge => {
    const { node } = source.get(edge) as { node: { __ref: string } }
    return node.__ref
  })
  const pageInfo = source.get(record.pageInfo.__ref) as unknown as {
    hasNextPage: boolean
    endCursor: string | null
  }
  return { ids, pageInfo }
}
