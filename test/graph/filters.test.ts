import { sql } from 'kysely'
import { describe, expect } from 'vitest'
import { repairCounts } from '../../src/domain/workspace/recount.ts'
import { test } from '../support/fixtures.ts'
import { type Client, newConversation, type Workspace } from '../support/gateway.ts'

describe('a filter', () => {
  const list = (from: Client, filter: string) =>
    from.graphql<{ conversations: { totalCount: number; edges: unknown[] } }>(
      `{ conversations(first: 100, filter: ${filter}) { totalCount edges { node { id } } } }`,
    )
  const total = async ({ client }: Workspace, filter: string) => {
    const { data } = await list(client, filter)
    expect(data.conversations.edges).toHaveLength(data.conversations.totalCount)
    return data.conversations.totalCount
  }

  test('that is null filters nothing, and an empty list matches nothing', async ({ acme }) => {
    for (const email of ['one@example.com', 'two@example.com']) await newConversation(acme.client, email)
    const all = await total(acme, '{}')
    expect(all).toBeGreaterThan(0)
    expect(await total(acme, '{ status: null, source: null, isUnread: null, lastMessageAt: null }')).toBe(all)
    for (const field of ['status', 'source', 'assignedToId', 'contactId', 'channelId'])
      expect(await total(acme, `{ ${field}: [] }`), field).toBe(0)
  })

  test('holds in all its fields at once', async ({ acme }) => {
    for (const email of ['one@example.com', 'two@example.com']) await newConversation(acme.client, email)
    const all = await total(acme, '{}')
    expect(await total(acme, '{ isAssigned: false, isUnread: false, source: [EMAIL, CHAT] }')).toBe(all)
    expect(await total(acme, '{ isAssigned: true }')).toBe(0)
    expect(await total(acme, '{ isUnread: true }')).toBe(0)
    expect(await total(acme, '{ source: [FORM] }')).toBe(0)
    expect(await total(acme, `{ channelId: ["${acme.channelId}"] }`)).toBe(all)
    expect(await total(acme, '{ createdAt: { from: "2020-01-01T00:00:00Z" } }')).toBe(all)
    expect(await total(acme, '{ createdAt: { before: "2020-01-01T00:00:00+02:00" } }')).toBe(0)
    expect(
      await total(
        acme,
        '{ lastMessageAt: { from: "2020-01-01T00:00:00Z", before: "2020-01-01T00:00:00Z" } }',
      ),
    ).toBe(0)
  })

  test('by ids that are unknown, malformed or of another type matches nothing, without error', async ({
    acme,
  }) => {
    await newConversation(acme.client)
    expect(await total(acme, '{ contactId: ["ctc_unknown", "x", "", "thd_1", "ctc_\\u0000"] }')).toBe(0)
  })

  test('of more than 100 values, or of a time that does not exist, is refused', async ({ acme }) => {
    const many = await list(acme.client, `{ contactId: [${'"ctc_1",'.repeat(101)}] }`)
    expect(many.errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', path: ['filter', 'contactId'] })
    for (const time of ['yesterday', '2025-02-30T00:00:00Z', '2025-01-01'])
      expect(
        (await list(acme.client, `{ createdAt: { from: "${time}" } }`)).errors?.[0]?.extensions.code,
        time,
      ).toBe('INVALID_INPUT')
  })
})

describe('the total', () => {
  const totals = async ({ client }: Workspace, filter: string) => {
    const { data, errors } = await client.graphql<{ conversations: object }>(
      `{ conversations(first: 1, filter: ${filter}) { totalCount totalCountAtLeast } }`,
    )
    expect(errors).toBeUndefined()
    return data.conversations
  }

  test('is exact up to 10,000, and where it is kept; beyond, at least 10,000 are known', async ({
    gateway,
    acme,
  }) => {
    await sql`
      insert into contact (workspace_id, id, email) values (${acme.id}, 'ctc_many', 'many@example.com')`.execute(
      gateway.db,
    )
    const add = (status: string, from: number, to: number) =>
      sql`
      insert into conversation (workspace_id, id, contact_id, assigned_to_id, status, source, is_unread, last_message_at,
        last_message_preview, created_at, updated_at)
      select ${acme.id}, 'thd_' || n, 'ctc_many', ${acme.agentId}, ${status}, 'CHAT', false, now(), '', now(), now()
      from generate_series(${from}::int, ${to}::int) as n`.execute(gateway.db)
    await add('OPEN', 1, 10_001)
    await add('CLOSED', 10_002, 10_101)
    await gateway.db.transaction().execute(writer => repairCounts(writer, acme.id))
    const kept = { totalCount: 10_101, totalCountAtLeast: 10_101 }
    expect(await totals(acme, '{}')).toEqual(kept)
    expect(await totals(acme, `{ assignedToId: ["${acme.agentId}"] }`)).toEqual(kept)
    expect(await totals(acme, `{ assignedToId: ["${acme.agentId}"], status: [CLOSED] }`)).toEqual({
      totalCount: 100,
      totalCountAtLeast: 100,
    })
    expect(await totals(acme, '{ source: [CHAT], status: [CLOSED] }')).toEqual({
      totalCount: 100,
      totalCountAtLeast: 100,
    })
    const many = { totalCount: null, totalCountAtLeast: 10_000 }
    expect(await totals(acme, '{ source: [CHAT] }')).toEqual(many)
    expect(await totals(acme, '{ contactId: ["ctc_many"], isUnread: false }')).toEqual(many)
    expect(await totals(acme, '{ assignedToId: ["\\u0000"] }')).toEqual({
      totalCount: 0,
      totalCountAtLeast: 0,
    })
    const nested =
      await acme.client.graphql(`{ contact(id: "ctc_many") { conversations(first: 1) { totalCount totalCountAtLeast } }
      agents { edges { node { conversations(first: 1, filter: { status: [OPEN] }) { totalCount } } } } }`)
    expect(nested.data).toEqual({
      contact: { conversations: many },
      agents: { edges: [{ node: { conversations: { totalCount: 10_001 } } }] },
    })
  })
})
