import { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { holdWrites } from '../../src/runtime/hold-writes.ts'

/** A socket, and the pieces in which what is written to it leaves. */
function connection() {
  const pieces: string[] = []
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      pieces.push(String(chunk))
      done()
    },
    writev(chunks, done) {
      pieces.push(chunks.map(({ chunk }) => String(chunk)).join(''))
      done()
    },
  })
  return {
    pieces,
    send(text: string) {
      holdWrites(stream)
      stream.write(text)
    },
  }
}

test('what is sent without waiting leaves in one piece', async () => {
  const { pieces, send } = connection()
  // As when an answer comes: what it sets off runs behind the ticks that are due.
  setImmediate(() => {
    send('begin ')
    send('lock ')
    queueMicrotask(() => send('record'))
    process.nextTick(() => expect(pieces).toEqual([]))
  })
  await nextTurn()
  await nextTurn()
  expect(pieces).toEqual(['begin lock record'])
})

test('what is sent after waiting leaves in a piece of its own', async () => {
  const { pieces, send } = connection()
  send('lock')
  await nextTurn()
  send('record')
  await nextTurn()
  expect(pieces).toEqual(['lock', 'record'])
})
