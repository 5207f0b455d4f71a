import { expect, test } from 'vitest'
import { pause } from '../support/resuming-clients.ts'
import { forSocketsThatStall } from '../support/stalling.ts'

const { listener, prepare, subscribers } = forSocketsThatStall()

test('a socket that reads again within 30 seconds has every event, and one that does not is closed with 1013', async () => {
  const { key, turn } = await prepare()
  let heard = 0
  let received = ''
  const soon = await listener(key, () => heard++)
  const late = await listener(
    key,
    () => {},
    head => {
      received = head
    },
  )
  await expect.poll(subscribers).toBe(2)
  for (const stream of [soon, late]) stream.pause()
  await turn(1_000)
  const turnedAt = performance.now()
  soon.resume()
  await expect.poll(() => heard).toBe(1_000)
  // The gateway closes it after 30 seconds in which nothing left, and the close frame waits for it for another 30.
  await pause(turnedAt + 40_000 - performance.now())
  late.resume()
  await expect.poll(() => received).toContain('Try again later')
  for (const stream of [soon, late]) stream.destroy()
})
