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

test('a request that comes over a connection that was just opened is still answered', async () => {
  const other = await startGateway()
  const { hostname, port } = new URL(other.url)
  const accepted = once(other.app.fastify.server, 'connection')
  const fresh = connect(Number(port), hostname)
  await accepted
  const closing = other.close()
  fresh.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [answer] = await once(fresh, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 .*connection: close/is)
  await closing
  fresh.destroy()
})
