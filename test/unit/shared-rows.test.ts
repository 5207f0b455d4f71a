import { expect, test } from 'vitest'
import type { Db } from '../../src/db/db.ts'
import { createAnswerBytes } from '../../src/graphql/schema/answer-bytes.ts'
import { createLoaders } from '../../src/graphql/schema/loaders.ts'
import { createSharedRows } from '../../src/graphql/schema/shared-rows.ts'
import { createQuota } from '../../src/runtime/quota.ts'
import type { Owner } from '../../src/runtime/turns.ts'

const message = { status: true, preview: false, textBytes: false, text: false, wholeRows: false }
const along = { contact: true, agent: false, messages: null, wholeRows: false }
const related = { along, channel: false, message, messageBeyond: false }
const [one, two] = ['one', 'two'].map(apiKeyId => ({
  workspaceId: 'wrk_1',
  keyId: `events ${apiKeyId}`,
  apiKeyId,
})) as [Owner, Owner]

function sharing() {
  const readers: Owner[] = []
  const { join } = createSharedRows(owner => {
    readers.push(owner)
    return {} as Db
  })
  return { readers, join }
}

test('executions of one event share their rows until the last has left, however many events there are', () => {
  const { readers, join } = sharing()
  const events = Array.from({ length: 100 }, (_, seq) => ({ seq }))
  const first = events.map(event => join(event, one, related))
  const second = events.map(event => join(event, one, related))
  expect(second.map(({ rows }) => rows)).toEqual(first.map(({ rows }) => rows))
  expect(readers).toHaveLength(100)
  for (const { leave } of [...first, ...second]) leave()
  join(events[0] as object, one, related)
  expect(readers).toHaveLength(101)
})

test('the rows of an event are read in the turns of each key for itself', () => {
  const { readers, join } = sharing()
  const event = { seq: 1 }
  expect(join(event, one, related).rows).not.toBe(join(event, two, related).rows)
  expect(readers).toEqual([one, two])
})

test('what selects other rows of the event shares none', () => {
  const { join } = sharing()
  const event = { seq: 1 }
  expect(join(event, one, related).rows).not.toBe(
    join(event, one, { ...related, along: { ...along, agent: true } }).rows,
  )
})

test('an answer that is refused or given up loads no shared row', async () => {
  const { join } = sharing()
  const { rows } = join({ seq: 1 }, one, related)
  const id = 'cvn_0000000000000000000000000000000001'
  rows.conversation.prime(id, null)
  const end = new AbortController()
  const bytes = createAnswerBytes(10, createQuota(1_000), null)
  const loading = { db: {} as Db, workspaceId: 'wrk_1', related, shared: rows, signal: end.signal }
  const mine = createLoaders({ ...loading, bytes })
  const other = createLoaders({ ...loading, bytes: createAnswerBytes(10, createQuota(1_000), null) })
  expect(await mine.conversation.load(id)).toBeNull()
  expect(() => bytes.take(11)).toThrow()
  await expect(mine.conversation.load(id)).rejects.toThrow('An answer may have 10 bytes.')
  end.abort(new Error('all have left'))
  await expect(other.conversation.load(id)).rejects.toThrow('all have left')
})
