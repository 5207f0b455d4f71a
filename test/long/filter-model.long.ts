import { onTestFinished, test } from 'vitest'
import { openDatabase } from '../support/databases.ts'
import { expectModel } from '../support/filter-model.ts'

test('2,000 random filters on random inboxes list what the same filter over rows in memory has, both ways', async () => {
  const { db, close } = await openDatabase()
  onTestFinished(close)
  await expectModel(db, 20, 100)
})
