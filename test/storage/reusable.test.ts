import { expect, test } from 'vitest'
import { reusable } from '../../src/db/reusable.ts'
import { openDatabase } from '../support/databases.ts'
import { newWorkspace } from '../support/gateway.ts'

type Asked = { ids: readonly string[]; named: { exactly: string } | null; before?: Date | null }

test('a reusable query is built once for each shape, and executed with the values of each use', async ({
  onTestFinished,
}) => {
  const statements: string[] = []
  const database = await openDatabase({ log: ({ query }) => void statements.push(query.sql) })
  onTestFinished(database.close)
  const ids: string[] = []
  for (const _ of [1, 2]) ids.push((await newWorkspace({ url: '', db: database.db })).id)
  const [one = '', other = ''] = ids
  statements.splice(0)

  let built = 0
  const names = reusable((reader, { ids, named, before }: Asked, { column }: { column: 'id' | 'name' }) => {
    built++
    return reader
      .selectFrom('workspace')
      .select(eb => eb.ref(column).as('shown'))
      .where(eb => eb('id', '=', eb.fn.any(eb.val(ids))))
      .$if(named !== null, query => query.where('name', '=', named?.exactly ?? ''))
      .$if(before != null, query => query.where('created_at', '<', before ?? new Date()))
  })
  const { reserved } = database
  expect(await names(reserved, { ids: [one], named: null }, { column: 'id' })).toEqual([{ shown: one }])
  expect(await names(reserved, { ids: [other], named: null }, { column: 'id' })).toEqual([{ shown: other }])
  expect([built, new Set(statements).size]).toEqual([1, 1])

  const exactly = (name: string) => names(reserved, { ids, named: { exactly: name } }, { column: 'name' })
  expect(await exactly('Acme')).toHaveLength(2)
  expect(await exactly('None')).toEqual([])
  const before = (date: Date | null) => names(reserved, { ids, named: null, before: date }, { column: 'id' })
  expect(await before(new Date(0))).toEqual([])
  expect(await before(null)).toHaveLength(2)
  expect([built, new Set(statements).size]).toEqual([4, 3])
})

test('a query that is built from a value itself is refused', async ({ onTestFinished }) => {
  const database = await openDatabase()
  onTestFinished(database.close)
  const firstOf = reusable((reader, { limit }: { limit: number }) =>
    reader
      .selectFrom('workspace')
      .select('id')
      .limit(limit + 1),
  )
  await expect(firstOf(database.reserved, { limit: 1 })).rejects.toThrow(
    'The value limit is not known while its query is built.',
  )
})
