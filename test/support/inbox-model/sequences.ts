import fc from 'fast-check'
import { openDatabaseOf } from '../databases.ts'
import { inLanes, tally } from '../fuzz/lanes.ts'
import { startGateway } from '../gateway.ts'
import { changes, frequent } from './changes.ts'
import { emptyInbox } from './inbox.ts'
import { newInbox } from './new-inbox.ts'
import { expectWhole, queries } from './queries.ts'

/** With the seed and the path of a failure, what its report calls `replayPath` leads to the shrunk sequence. */
const { FUZZ_REPLAY: replayPath } = process.env

/** Changes come more often than queries. */
const commands = fc.commands([...changes, ...changes, ...frequent, ...queries], {
  maxCommands: 20,
  size: 'max',
  ...(replayPath === undefined ? {} : { replayPath }),
})

/** Plays random sequences of changes and queries to a gateway, and fails where it answers otherwise than the model. */
export async function playSequences(engine: 'postgres' | 'pglite', runs: number): Promise<void> {
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
  await inLanes({ runs, lanes: 4 }, commands, async sequence => {
    const inbox = await newInbox(gateway)
    const model = emptyInbox(inbox, outcomes.add)
    await fc.asyncModelRun(() => ({ model, real: inbox.client }), sequence)
    await expectWhole(model, inbox.client)
  }).finally(gateway.close)
  console.log(`commands on ${engine}: ${outcomes.line()}`)
}
