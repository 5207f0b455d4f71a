import { expect, test } from 'vitest'
import { startKillable } from '../support/killable.ts'
import { closeClients, overEventStream, overSocket, socketClient, statusChanges } from '../support/live.ts'
import { subscribed } from '../support/live-fixtures.ts'
import { pause } from '../support/resuming-clients.ts'

/** `STOPS=5` is what the table of faults tells of. */
const stops = Number(process.env.STOPS ?? 2)

const delayMs = 1_000

test(`told to stop ${stops} times under load, it answers every request of its delay, and ends with 0`, async ({
  annotate,
}) => {
  const gateway = await startKillable('postgres', { SHUTDOWN_DELAY_MS: String(delayMs) })
  const { client: caller } = gateway
  const endedAfterMs: number[] = []
  let inFlight = 0
  let late = 0
  for (let stop = 0; stop < stops; stop++) {
    if (stop > 0) await gateway.start()
    const streams = Array.from({ length: 20 }, (_, index) =>
      index % 2 ? overEventStream(caller, statusChanges) : overSocket(socketClient(caller), statusChanges),
    )
    await subscribed(gateway.client, 20)
    let toldAt = Number.POSITIVE_INFINITY
    const lost: unknown[] = []
    const clients = Array.from({ length: 10 }, async () => {
      for (;;) {
        const begun = performance.now()
        // What begins as the delay ends may find the port closed.
        if (begun > toldAt + delayMs * 0.8) return
        const status = await caller
          .graphql(
            '{ conversations(first: 20) { edges { node { id messages(first: 5) { edges { node { preview } } } } } } }',
          )
          .then(
            answer => answer.status,
            error => error,
          )
        if (begun > toldAt) late++
        else if (performance.now() > toldAt) inFlight++
        if (status !== 200) lost.push(status)
      }
    })
    await pause(500)
    toldAt = performance.now()
    const code = await gateway.end('SIGTERM')
    endedAfterMs.push(Math.round(performance.now() - toldAt))
    await Promise.all(clients)
    expect(lost).toEqual([])
    expect(code).toBe(0)
    for (const stream of streams) expect(await stream.ended).not.toBeNull()
    await closeClients()
  }
  expect(inFlight).toBeGreaterThan(stops)
  expect(late).toBeGreaterThan(stops * 10)
  await annotate(
    `${inFlight} requests in flight and ${late} that came during the delay answered; ended after ${endedAfterMs.join(', ')} ms, 1,000 of which are the delay`,
  )
})
