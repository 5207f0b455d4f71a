import { expect, test } from 'vitest'
import { createTurns, type Owner } from '../../src/runtime/turns.ts'

const turnsOf = (slots: number) =>
  createTurns({
    slots,
    waitMs: 30_000,
    ownWaitMs: 30_000,
    refuse: isOwn => new Error(isOwn ? 'own' : 'others'),
  })

const owner = (keyId: string, workspaceId = keyId): Owner => ({ keyId, workspaceId })

/** The number of these takes that have their slot. */
async function served(takes: Promise<unknown>[]): Promise<number> {
  const none = Symbol('none')
  const now = await Promise.all(takes.map(take => Promise.race([take, Promise.resolve(none)])))
  return now.filter(each => each !== none).length
}

test('one key has at most its share of the slots, however much it requests', async () => {
  const turns = turnsOf(10)
  const takes = Array.from({ length: 50 }, () => turns.take(owner('greedy')))
  expect(await served(takes)).toBe(4)
})

test('a key with requests, live events and catch-ups leaves a slot to another key of its workspace', async () => {
  const turns = turnsOf(10)
  const takes = ['greedy', 'events greedy', 'catch-ups greedy'].flatMap(keyId =>
    Array.from({ length: 50 }, () => turns.take({ keyId, workspaceId: 'one', apiKeyId: 'greedy' })),
  )
  expect(await served(takes)).toBe(5)
  expect(await served([turns.take(owner('other', 'one'))])).toBe(1)
})

test('one request has at most its share of the slots of its key', async () => {
  const turns = turnsOf(10)
  const request = owner('greedy')
  expect(await served(Array.from({ length: 50 }, () => turns.take(request)))).toBe(3)
  expect(await served([turns.take(owner('greedy'))])).toBe(1)
})

test('a workspace that has no slot gets one of the last ones, while others wait', async () => {
  const turns = turnsOf(10)
  const of = (workspaceId: string) =>
    Array.from({ length: 50 }, (_, index) => turns.take(owner(`${workspaceId} ${index}`, workspaceId)))
  expect((await served(of('one'))) + (await served(of('two')))).toBe(8)
  expect(await served([turns.take(owner('third')), turns.take(owner('fourth'))])).toBe(2)
  expect(await served([turns.take(owner('fifth'))])).toBe(0)
})

test('requests that wait are served in turn', async () => {
  const turns = turnsOf(1)
  const order: string[] = []
  const end = await turns.take(owner('first'))
  const many = owner('many')
  const take = async (of: Owner) => {
    const done = await turns.take(of)
    order.push(of.keyId)
    done()
  }
  const takes = [...Array.from({ length: 3 }, () => take(many)), take(owner('other'))]
  end()
  await Promise.all(takes)
  expect(order).toEqual(['many', 'other', 'many', 'many'])
})

test('a slot that is given back twice is free once', async () => {
  const turns = turnsOf(2)
  const end = await turns.take(owner('first'))
  await turns.take(owner('second'))
  end()
  end()
  expect(await served([turns.take(owner('third')), turns.take(owner('fourth'))])).toBe(1)
})

test('a wait ends with the reason of its signal, and leaves no slot taken', async () => {
  const turns = turnsOf(1)
  const end = await turns.take(owner('first'))
  const gone = new AbortController()
  const waiting = turns.take(owner('second'), gone.signal)
  gone.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
  await expect(turns.take(owner('second'), gone.signal)).rejects.toThrow('gone')
  end()
  expect(await served([turns.take(owner('third'))])).toBe(1)
})

test('a wait that is too long ends, and tells whose slots it waited for', async () => {
  const turns = createTurns({
    slots: 1,
    waitMs: 1,
    ownWaitMs: 2,
    refuse: isOwn => new Error(isOwn ? 'own' : 'others'),
  })
  await turns.take(owner('first'))
  await expect(turns.take(owner('first'))).rejects.toThrow('own')
  await expect(turns.take(owner('second'))).rejects.toThrow('others')
})
