import { expect, test } from 'vitest'
import { inFewerRoundTrips, type Place, place, type Send } from '../../src/db/round-trips.ts'

type Sent = Parameters<Send>[2]

/** A connection that answers when it is told to. */
function connection({ unsendable = '', pooledBegin }: { unsendable?: string; pooledBegin?: string } = {}) {
  const sent: string[] = []
  const waiting: Sent[] = []
  const query = inFewerRoundTrips((text, _, done) => {
    if (text === unsendable) return done(new Error(`${text} cannot be sent`), null)
    sent.push(text)
    waiting.push(done)
  }, pooledBegin)
  const placed = (text: string, at?: Place) => {
    const values = [1]
    if (at) place(values, at)
    return query(text, values)
  }
  const answer = (result: object = { rows: [] }) => waiting.shift()?.(null, result)
  return {
    sent,
    query: placed,
    answer,
    fail: (message: string) => waiting.shift()?.(new Error(message), null),
    /** Begins a transaction with a lock. */
    async open() {
      await placed('begin')
      const first = placed('lock', 'first')
      answer()
      answer()
      await first
    },
  }
}

const commit = { command: 'COMMIT', rows: [] }
const rollback = { command: 'ROLLBACK', rows: [] }

test('a transaction begins with its first statement, and is committed with its last', async () => {
  const { sent, query, answer } = connection()
  await query('begin')
  expect(sent).toEqual([])
  const first = query('lock', 'first')
  expect(sent).toEqual(['begin', 'lock'])
  answer()
  answer({ rows: ['locked'] })
  expect(await first).toEqual({ rows: ['locked'] })
  const last = query('record', 'last')
  expect(sent).toEqual(['begin', 'lock', 'record', 'commit'])
  answer({ rows: ['recorded'] })
  answer(commit)
  expect(await last).toEqual({ rows: ['recorded'] })
  expect(await query('commit')).toBe(commit)
  expect(sent).toHaveLength(4)
})

test('another first statement waits for the begin', async () => {
  const { sent, query, answer } = connection()
  await query('begin')
  const first = query('insert')
  expect(sent).toEqual(['begin'])
  answer()
  await expect.poll(() => sent).toEqual(['begin', 'insert'])
  answer({ rows: ['inserted'] })
  expect(await first).toEqual({ rows: ['inserted'] })
})

test('nobody waits for a setting: the reading behind it is sent with it', async () => {
  const { sent, query, answer } = connection()
  await query('begin')
  await query('set', 'setting')
  const read = query('read', 'last')
  expect(sent).toEqual(['begin', 'set', 'read', 'commit'])
  answer()
  answer()
  answer({ rows: ['found'] })
  answer(commit)
  expect(await read).toEqual({ rows: ['found'] })
  expect(await query('commit')).toBe(commit)
})

test('a reading fails with the setting before it', async () => {
  const { sent, query, fail, answer } = connection()
  await query('begin')
  await query('set', 'setting')
  const read = query('read')
  answer()
  fail('the setting is not allowed')
  fail('the transaction is aborted')
  await expect(read).rejects.toThrow('the setting is not allowed')
  await expect(query('read more')).rejects.toThrow('the setting is not allowed')
  const rolledBack = query('rollback')
  answer(rollback)
  expect(await rolledBack).toBe(rollback)
  expect(sent).toEqual(['begin', 'set', 'read', 'rollback'])
})

test('a transaction with a setting whose begin has failed is not committed', async () => {
  const { sent, query, fail, answer } = connection()
  await query('begin')
  await query('set', 'setting')
  fail('the begin was cancelled')
  answer()
  await expect(query('read')).rejects.toThrow('the begin was cancelled')
  await expect(query('commit')).rejects.toThrow('the begin was cancelled')
  expect(sent).toEqual(['begin', 'set'])
})

test('a transaction without statements sends nothing', async () => {
  const { sent, query } = connection()
  for (const end of ['commit', 'rollback']) {
    await query('begin')
    expect(await query(end)).toMatchObject({ command: end.toUpperCase() })
  }
  expect(sent).toEqual([])
})

test('a first statement fails with its begin, though it was executed', async () => {
  const { query, answer, fail } = connection()
  await query('begin')
  const first = query('lock', 'first')
  fail('the begin was cancelled')
  answer()
  await expect(first).rejects.toThrow('the begin was cancelled')
})

test.for<Place | undefined>(['first', undefined])(
  'after a failed begin nothing is sent until the rollback (%s)',
  async at => {
    const { sent, query, answer, fail } = connection()
    await query('begin')
    const first = query('lock', at)
    fail('the begin was cancelled')
    answer()
    await expect(first).rejects.toThrow('the begin was cancelled')
    const before = sent.length
    await expect(query('update')).rejects.toThrow('The transaction has not begun.')
    expect(await query('rollback')).toMatchObject({ command: 'ROLLBACK' })
    expect(sent).toHaveLength(before)
    void query('select')
    expect(sent).toHaveLength(before + 1)
  },
)

test('a transaction whose begin has failed is not committed', async () => {
  const { query, fail } = connection()
  await query('begin')
  const first = query('insert')
  fail('the begin was cancelled')
  await expect(first).rejects.toThrow('the begin was cancelled')
  await expect(query('commit')).rejects.toThrow('The transaction has not begun.')
})

test('a last statement that cannot be sent is followed by no commit', async () => {
  const { sent, query, open } = connection({ unsendable: 'record' })
  await open()
  await expect(query('record', 'last')).rejects.toThrow('record cannot be sent')
  void query('rollback')
  expect(sent).toEqual(['begin', 'lock', 'rollback'])
})

test('a last statement that fails rolls back, and no rollback is sent', async () => {
  const { sent, query, answer, fail, open } = connection()
  await open()
  const last = query('record', 'last')
  fail('deadlock')
  answer(rollback)
  await expect(last).rejects.toThrow('deadlock')
  expect(await query('rollback')).toBe(rollback)
  expect(sent).toEqual(['begin', 'lock', 'record', 'commit'])
})

test('a failed commit is told to whoever commits', async () => {
  const { query, answer, fail, open } = connection()
  await open()
  const last = query('record', 'last')
  answer()
  fail('the connection is lost')
  await last
  await expect(query('commit')).rejects.toThrow('the connection is lost')
})

test.for(['update', 'rollback'])('after the last statement no %s goes unnoticed', async text => {
  const { query, answer, open } = connection()
  await open()
  const last = query('record', 'last')
  answer()
  answer(commit)
  await last
  await expect(query(text)).rejects.toThrow('The transaction has ended already.')
})

test('a last statement outside a transaction is sent alone', () => {
  const { sent, query } = connection()
  void query('record', 'last')
  expect(sent).toEqual(['record'])
})

test('behind a pooler a statement alone has a transaction of its own, in one round trip', async () => {
  const { sent, query, answer, fail } = connection({ pooledBegin: 'begin; set' })
  const alone = query('read')
  expect(sent.splice(0)).toEqual(['begin; set', 'read', 'commit'])
  answer()
  answer({ rows: ['read'] })
  answer(commit)
  expect(await alone).toEqual({ rows: ['read'] })
  const failing = query('read')
  answer()
  fail('it has failed')
  answer(rollback)
  await expect(failing).rejects.toThrow('it has failed')
})

test('behind a pooler a begin that has failed may have begun, and is rolled back', async () => {
  const { sent, query, answer, fail } = connection({ pooledBegin: 'begin; set' })
  await query('begin')
  const first = query('lock', 'first')
  fail('the setting was cancelled')
  fail('the transaction is aborted')
  await expect(first).rejects.toThrow('the setting was cancelled')
  const rolledBack = query('rollback')
  answer(rollback)
  expect(await rolledBack).toBe(rollback)
  expect(sent).toEqual(['begin; set', 'lock', 'rollback'])
})

test('what is sent ahead is not waited for, and its rows come before those behind it', async () => {
  const { sent, query, answer, open } = connection()
  await open()
  const counted = await query('count', 'ahead')
  await query('write', 'ahead')
  const last = query('read', 'last')
  expect(sent.slice(2)).toEqual(['count', 'write', 'read', 'commit'])
  answer({ rows: ['counted'] })
  answer()
  answer({ rows: ['read'] })
  answer(commit)
  expect(await last).toEqual({ rows: ['read'] })
  expect(counted).toMatchObject({ rows: ['counted'] })
  expect(await query('commit')).toBe(commit)
})

test.for<Place | undefined>([undefined, 'last'])(
  'a statement behind one that has failed fails with its error (%s)',
  async at => {
    const { query, answer, fail, open } = connection()
    await open()
    await query('count', 'ahead')
    await query('write', 'ahead')
    const behind = query('read', at)
    fail('a count would be negative')
    fail('the transaction is aborted')
    fail('the transaction is aborted')
    answer(rollback)
    await expect(behind).rejects.toThrow('a count would be negative')
  },
)

test('a commit behind one that has failed fails with its error', async () => {
  const { query, answer, fail, open } = connection()
  await open()
  await query('count', 'ahead')
  const committed = query('commit')
  fail('a count would be negative')
  answer(rollback)
  await expect(committed).rejects.toThrow('a count would be negative')
})

test('the next transaction of the connection does not fail with it', async () => {
  const { query, answer, fail, open } = connection()
  await open()
  await query('count', 'ahead')
  const rolledBack = query('rollback')
  fail('a count would be negative')
  answer(rollback)
  await rolledBack
  await open()
  const committed = query('commit')
  answer(commit)
  expect(await committed).toBe(commit)
})

test('what cannot be sent ahead fails at once', async () => {
  const { sent, query, open } = connection({ unsendable: 'count' })
  await open()
  await expect(query('count', 'ahead')).rejects.toThrow('count cannot be sent')
  for (const [text, at] of [['read', 'last'] as const, ['commit'] as const])
    await expect(query(text, at)).rejects.toThrow('count cannot be sent')
  expect(sent).toHaveLength(2)
})
