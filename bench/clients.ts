// Many bare sockets in one process. They count what they receive, and note when.
import { type FrameSocket, openFrames } from './frames.ts'
import { subscription } from './workload.ts'

export type Crowd = { url: string; count: number; key: string; afters: string[]; noted: boolean }

let sockets: FrameSocket[] = []
let received = 0
let wanted = 0
let arrivals: number[][] = []
const now = () => performance.timeOrigin + performance.now()

process.once('disconnect', () => process.exit())
process.on('message', async (order: Crowd | { expect: number } | 'arrivals' | 'leave') => {
  if (order === 'arrivals') return void process.send?.(arrivals)
  if (order === 'leave') {
    await Promise.all(sockets.map(socket => socket.close()))
    sockets = []
    return void process.send?.('left')
  }
  if ('expect' in order) {
    received = 0
    arrivals = sockets.map(() => [])
    wanted = order.expect * sockets.length
    return void process.send?.('expecting')
  }
  sockets = []
  for (let from = 0; from < order.count; from += 200) {
    const some = Array.from({ length: Math.min(200, order.count - from) }, (_, index) =>
      join(order, from + index),
    )
    sockets.push(...(await Promise.all(some)))
  }
  process.send?.('joined')
})

/** Opens a socket and subscribes. A gateway first sends the events after `after`, so the last of these is awaited. */
function join({ url, key, afters, noted }: Crowd, index: number): Promise<FrameSocket> {
  return new Promise(resolve => {
    const after = afters[index % Math.max(1, afters.length)] ?? null
    let early = afters.length === 0 ? 0 : afters.length - 1 - (index % afters.length)
    let joined = !key
    let opened: FrameSocket
    const send = (message: object) => opened.send(JSON.stringify(message))
    const onOpen = (socket: FrameSocket) => {
      opened = socket
      if (!key) return resolve(socket)
      send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } })
    }
    openFrames(url, onOpen, head => {
      if (joined && early === 0) {
        if (head.startsWith('{"type":"ping"')) return
        if (noted) arrivals[index]?.push(now())
        if (++received === wanted) process.send?.({ receivedAt: now() })
      } else if (head.includes('connection_ack')) {
        send({ id: '1', type: 'subscribe', payload: { query: subscription, variables: { after } } })
        joined = true
        if (early === 0) resolve(opened)
      } else if (head.includes('"next"') && --early === 0) resolve(opened)
    })
  })
}
