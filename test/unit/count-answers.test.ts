import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { countAnswers } from '../../src/rest/count-answers.ts'
import { createQuota } from '../../src/runtime/quota.ts'

const actor = { id: 'key_a', keyId: 'key_a', workspaceId: 'wrk_a', scopes: ['read', 'write'] as const }

/** A server whose answers have 100 bytes, for a key that may have so many unsent. */
async function answering(maxUnsent: number) {
  const unsent = createQuota(maxUnsent)
  const app = Fastify()
  onTestFinished(() => app.close())
  app.decorateRequest('actor', null)
  app.addHook('onRequest', async request => {
    request.actor = actor
  })
  countAnswers(app, {
    hold: unsent.hold,
    take(keyId, bytes) {
      const release = unsent.take(keyId, bytes)
      if (!release) throw Object.assign(new Error('Too much is unread.'), { statusCode: 429 })
      return release
    },
  })
  app.route({ url: '/', method: ['GET', 'POST'], handler: async () => 'x'.repeat(100) })
  const statusOf = async (method: 'GET' | 'POST') => (await app.inject({ method, url: '/' })).statusCode
  return { unsent, statusOf }
}

test('a read is refused when its key has too much unsent, and a change is told', async () => {
  const { unsent, statusOf } = await answering(250)
  const release = unsent.hold('key_a', 200)
  expect([await statusOf('GET'), await statusOf('POST')]).toEqual([429, 200])
  release()
  expect(await statusOf('GET')).toBe(200)
})

test('what has left is not counted any more', async () => {
  const { unsent, statusOf } = await answering(250)
  for (let count = 0; count < 10; count++) expect(await statusOf('GET')).toBe(200)
  expect(unsent.take('key_a', 250)).not.toBeNull()
})
