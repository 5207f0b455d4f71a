import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import type { Db } from '../../src/db/db.ts'
import { nothingAlong } from '../../src/domain/conversation/along.ts'
import { refusal } from '../../src/domain/errors.ts'
import { toClientError } from '../../src/graphql/execution/errors.ts'
import { executeEvents } from '../../src/graphql/execution/event-answer.ts'
import type { Execution } from '../../src/graphql/execution/execution.ts'
import { createAnswerBytes } from '../../src/graphql/schema/answer-bytes.ts'
import { createSharedRows } from '../../src/graphql/schema/shared-rows.ts'
import { createQuota } from '../../src/runtime/quota.ts'

const { limits } = readConfig({})
const { signal } = new AbortController()

/** Answers events with the key in whose turns they are executed. Those of a busy key are refused. */
function answering(busyKeys: string[]) {
  const unsent = createQuota(limits.maxUnsentBytesPerKey)
  const openAnswer = (owner: string | null) => createAnswerBytes(limits.maxAnswerBytes, unsent, owner)
  const share = () => ({}) as Db
  const sharedRows = createSharedRows(share)
  const related = { along: nothingAlong }
  const context = { actor: { workspaceId: 'wrk_1' }, limits, unsent, openAnswer, share, sharedRows, related }
  const engine = {
    async answer({ context }: Execution) {
      const { keyId } = context.actor
      if (!busyKeys.includes(keyId)) return { data: { keyId } }
      return { errors: [toClientError(refusal('RATE_LIMITED', 'busy'), context)] }
    },
    openSource: () => Promise.reject(new Error('nothing is opened')),
  }
  return executeEvents(engine, { context, operation: {} } as unknown as Execution)
}

test('while the key that has paid is busy, an event is executed in the turns of another one', async () => {
  const execute = answering(['events one'])
  const keyIds = () => ['one', 'two']
  expect(await execute({ seq: 1 }, { keyIds, isCatchUp: false, signal })).toBe(
    '{"data":{"keyId":"events two"}}',
  )
})

test('what one key catches up on has turns apart from live events', async () => {
  const execute = answering([])
  expect(await execute({ seq: 1 }, { keyIds: () => ['one'], isCatchUp: true, signal })).toBe(
    '{"data":{"keyId":"catch-ups one"}}',
  )
})
