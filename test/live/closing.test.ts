import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'
import { startGateway } from '../support/gateway.ts'

test('a socket that is turned away, or never sends anything, does not keep the gateway from closing', async () => {
  const other = await startGateway()
  const { hostname, port } = new URL(other.url)
  const silent = connect(Number(port), hostname)
  const turnedAway = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  turnedAway.write('GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  const [answer] = await once(turnedAway, 'data')
  expect(String(answer)).toContain('404 Not Found')
  const begun = performance.now()
  await other.close()
  // A socket that it waits for is cut after 6 seconds.
  expect(performance.now() - begun).toBeLessThan(6_000)
  for (const socket of [silent, turnedAway]) socket.destroy()
})
