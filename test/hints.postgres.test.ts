import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, inject, test } from 'vitest'
import { openChannel } from '../src/db/channel.ts'

test('a channel that is closed while a silent server keeps it waiting is closed at once', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const errors: unknown[] = []
  const channel = openChannel(`postgres://postgres@127.0.0.1:${port}/postgres`, 'test', {
    onMessage() {},
    onError: error => errors.push(error),
  })
  const [socket] = await once(server, 'connection')
  // The connection has said who it is.
  await once(socket, 'data')
  const begun = performance.now()
  await channel.close()
  expect(performance.now() - begun).toBeLessThan(1_000)
  expect(errors).toEqual([])
  socket.destroy()
  server.close()
})

test('a channel that is closed before it is connected is closed in the end', async () => {
  const channel = openChannel(inject('postgres'), 'test', { onMessage() {}, onError() {} })
  await channel.close()
})
