import { STATUS_CODES } from 'node:http'
import { expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { requireNoLeak } from '../support/fuzz/answers.ts'
import { knownInbox } from '../support/fuzz/known.ts'
import { inLanes, tally } from '../support/fuzz/lanes.ts'
import { mails } from '../support/fuzz/mails.ts'
import { handIn } from '../support/inbound.ts'
import { expectSound } from '../support/recount.ts'

const test = startedWith(base, {
  limits: {
    maxCostPerMinute: 1_000_000_000,
    maxDocumentCharactersPerMinute: 1_000_000_000,
    maxMessagesPerSecond: 100_000,
  },
})

test('2,000 generated mails become messages or are refused with a sentence, and leave the inbox sound', async ({
  gateway,
}) => {
  const { own, other, known } = await knownInbox(gateway)
  const outcomes = tally()
  await inLanes({ runs: 2_000, lanes: 4 }, mails(known), async raw => {
    const { status, body, replayed } = await handIn(own.client, own.id, raw)
    requireNoLeak(JSON.stringify(body))
    outcomes.add(`${status}${replayed ? ' again' : ''}`)
    if (status >= 500) throw new Error(`${status} ${body.message}`)
    if (status >= 400)
      expect(body).toEqual({
        statusCode: status,
        error: STATUS_CODES[status],
        message: expect.stringMatching(/\S/),
      })
    else
      expect(body).toMatchObject({
        conversation: { id: expect.stringMatching(/^thd_/) },
        message: { id: expect.any(String) },
      })
  })
  console.log(`mails: ${outcomes.line()}`)
  expect(outcomes.share('201')).toBeGreaterThan(0.5)
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  await expectSound(gateway.db, own)
  await expectSound(gateway.db, other)
})
