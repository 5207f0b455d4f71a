import { expect, test } from 'vitest'
import { holdLines } from '../../src/runtime/held-lines.ts'
import { createLog } from '../../src/runtime/log.ts'

function newLog() {
  const lines: { msg: string; time: number }[] = []
  const held = holdLines()
  const log = createLog({ write: line => void lines.push(JSON.parse(line)) }, held)
  return { log, held, lines, texts: () => lines.map(({ msg }) => msg) }
}

/** Waits without letting anything else run. */
function untilLater(time: number): void {
  while (Date.now() <= time);
}

test('a line that is held comes before a later warning, with its own time', () => {
  const { log, lines, texts } = newLog()
  const before = Date.now()
  log.info('held')
  expect(lines).toEqual([])
  const after = Date.now()
  untilLater(after + 5)
  log.warn('at once')
  expect(texts()).toEqual(['held', 'at once'])
  expect(lines[0]?.time).toBeGreaterThanOrEqual(before)
  expect(lines[0]?.time).toBeLessThanOrEqual(after)
  expect(lines[1]?.time).toBeGreaterThan(after)
})

test('a line that cannot be made takes no other with it', () => {
  const { log, held, texts, lines } = newLog()
  const fields = Object.defineProperty({}, 'wrong', {
    enumerable: true,
    get() {
      throw new Error('no value')
    },
  })
  log.info('before')
  log.info(fields, 'wrong')
  log.info('behind')
  expect(() => held.makeAll()).toThrow('no value')
  const now = Date.now()
  log.warn('at once')
  expect(texts()).toEqual(['before', 'behind', 'at once'])
  expect(lines[2]?.time).toBeGreaterThanOrEqual(now)
})

test('256 lines are made without waiting for more', () => {
  const { log, held, lines } = newLog()
  for (let index = 0; index < 256; index++) log.info('line')
  expect(lines).toHaveLength(256)
  log.info('the next one')
  expect(lines).toHaveLength(256)
  held.makeAll()
  expect(lines).toHaveLength(257)
})
