import fc from 'fast-check'
import { describe, test } from 'vitest'
import { openDatabaseOf } from '../support/databases.ts'
import { inLanes, tally } from '../support/fuzz/lanes.ts'
import { startGateway } from '../support/gateway.ts'
import { changes, frequent } from '../support/inbox-model/changes.ts'
import { emptyInbox } from '../support/inbox-model/inbox.ts'
import { newInbox } from '../support/inbox-model/new-inbox.ts'
import { expectWhole, queries } from '../support/inbox-model/queries.ts'

/** With the seed and the path of a failure, what its report calls `replayPath` leads to the shrunk sequence. */
const { FUZZ_REPLAY: replayPath } = process.env

/** Changes come more often than queries. */
const commands = fc.commands([...changes, ...changes, ...frequent, ...queries], {
  maxCommands: 20,
  size: 'max',
  ...(replayPath === undefined ? {} : { replayPath }),
})

describe.each(['postgres', 'pglite'] as const)('on %s', engine => {
  test('1,000 random sequences of changes and queries are answered as the model says', async () => {
    const gateway = await startGateway({
      database: await openDatabaseOf(engine),
      limits: {
        maxCostPerMinute: 1e9,
        maxDocumentCharactersPerMinute: 1e9,
        maxQueryCost: 1e9,
        maxAnswerBytes: 1e9,
      },
    })
    const outcomes = tally()
    await inLanes({ runs: 1_000, lanes: 4 }, commands, async sequence => {
      const inbox = await newInbox(gateway)
      const model = emptyInbox(inbox, outcomes.add)
      await fc.asyncModelRun(() => ({ model, real: inbox.client }), sequence)
      await expectWhole(model, inbox.client)
    }).finally(gateway.close)
    console.log(`commands on ${engine}: ${outcomes.line()}`)
  })
})
