import { STATUS_CODES } from 'node:http'
import { expect } from 'vitest'
import { test as base, startedWith } from '../support/fixtures.ts'
import { requireNoLeak } from '../support/fuzz/answers.ts'
import { knownInbox } from '../support/fuzz/known.ts'
import { inLanes, tally } from '../support/fuzz/lanes.ts'
import { restRequests, sendRest } from '../support/fuzz/rest-requests.ts'
import { expectSound } from '../support/recount.ts'

const test = startedWith(base, {
  limits: {
    maxCostPerMinute: 1_000_000_000,
    maxDocumentCharactersPerMinute: 1_000_000_000,
    maxMessagesPerSecond: 100_000,
  },
})

test('5,000 generated REST requests get no 5xx and errors of the documented form, and leave the inbox sound', async ({
  gateway,
}) => {
  const { own, other, known } = await knownInbox(gateway)
  const outcomes = tally()
  await inLanes({ runs: 5_000, lanes: 8 }, restRequests(known), async request => {
    const { status, text } = await sendRest(own.client, request)
    requireNoLeak(text)
    outcomes.add(String(status))
    if (status >= 500) throw new Error(`${status} ${text}`)
    if (status < 400) expect(request.method === 'HEAD' || JSON.parse(text)).toBeTruthy()
    else if (request.method !== 'HEAD')
      expect(JSON.parse(text)).toEqual({
        statusCode: status,
        error: STATUS_CODES[status],
        message: expect.stringMatching(/\S/),
      })
  })
  console.log(`REST requests: ${outcomes.line()}`)
  expect(outcomes.share('200') + outcomes.share('201')).toBeGreaterThan(0.25)
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  await expectSound(gateway.db, own)
  await expectSound(gateway.db, other)
})
