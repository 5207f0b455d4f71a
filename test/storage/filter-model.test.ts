import { onTestFinished, test } from 'vitest'
import { openDatabase } from '../support/databases.ts'
import { expectModel } from '../support/filter-model.ts'

// 2,000 filters are in test/long.
test('100 random filters on random inboxes list what the same filter over rows in memory has, both ways', {
  timeout: 120_000,
}, async () => {
  const { db, close } = await openDatabase()
  onTestFinished(close)
  await expectModel(db, 5, 20)
})
