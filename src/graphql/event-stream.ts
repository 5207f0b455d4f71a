import type { ExecutionResult } from 'graphql'
import type { FetchAPI, Plugin } from 'graphql-yoga'
import type { Answer } from '../live/question.ts'
import type { Context } from './context.ts'
import { presentable, withoutHttp } from './errors.ts'
import type { Asking } from './graph.ts'
import { type Answering, subscribe } from './subscribe.ts'

const type = 'text/event-stream'
const heartbeat = 10_000
const utf8 = new TextEncoder()

/**
 * Server-sent events in the format of graphql-sse's distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each answer, then `complete`. The next
 * answer is asked for when the client has taken the last. Each event carries its cursor as `id`, and every 10 seconds a
 * block with only an `id` tells how far the stream has come, so that `Last-Event-ID` stays young on a quiet or narrow
 * stream and proxies see traffic. A refusal travels in the stream, but for 401 and 403, which clients understand as such.
 */
export function useEventStream(): Plugin<Context, Asking> {
  const opened = new WeakMap<Request, Answering>()
  return {
    onSubscribe({ args, setSubscribeFn }) {
      const { request } = args.contextValue as { request?: Request }
      setSubscribeFn(async given => {
        const result = await subscribe(given)
        if (request && Symbol.asyncIterator in result) opened.set(request, result)
        return result
      })
    },
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      const accept = request.headers.get('accept') ?? '*/*'
      const answering = opened.get(request)
      if (Array.isArray(result) || (!answering && (/json|\*\/\*/.test(accept) || !accept.includes(type))))
        return
      setResultProcessor((given, fetchAPI) => {
        if (!answering) return refusal(given as ExecutionResult, fetchAPI)
        if (!/text\/(event-stream|\*)|\*\/\*/.test(accept)) return notAcceptable(answering, fetchAPI)
        serverContext.streaming?.()
        return stream(answering, serverContext, fetchAPI)
      }, type)
    },
  }
}

// Made anew each time: a response writes its own length into what it is given.
const headers = () => ({
  'content-type': type,
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
})
const complete = 'event: complete\ndata:\n\n'
const next = (text: string) => `event: next\ndata: ${text}\n\n`
const idOf = ({ cursor }: { cursor: string | null }) => (cursor === null ? '' : `id: ${cursor}\n`)

function stream(answering: Answering, asking: Asking, { ReadableStream, Response }: FetchAPI): Response {
  let timer: NodeJS.Timeout | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const beat = () => {
        // What a client does not take must not pile up.
        if ((controller.desiredSize ?? 0) <= 0) return
        const cursor = answering.position()
        controller.enqueue(utf8.encode(cursor === null ? ':\n\n' : `${idOf({ cursor })}\n`))
      }
      controller.enqueue(utf8.encode(':\n\n'))
      timer = setInterval(beat, heartbeat)
    },
    async pull(controller) {
      const { frame, last } = await nextFrame(answering, asking)
      controller.enqueue(utf8.encode(frame))
      if (!last) return
      clearInterval(timer)
      controller.close()
    },
    async cancel() {
      clearInterval(timer)
      await answering.return?.()
    },
  })
  return new Response(body, { status: 200, headers: headers() })
}

async function nextFrame(answering: Answering, asking: Asking): Promise<{ frame: string; last: boolean }> {
  try {
    const { done, value } = await answering.next()
    return done ? { frame: complete, last: true } : { frame: frameOf(value), last: false }
  } catch (error) {
    await answering.return?.()
    const errors = [withoutHttp(presentable(error, asking))]
    return { frame: next(JSON.stringify({ errors })) + complete, last: true }
  }
}

const frameOf = (answer: Answer) => idOf(answer) + next(answer.text)

/** An answer that is no stream, for a client that reads nothing else. */
function refusal({ extensions: _, ...result }: ExecutionResult, { Response }: FetchAPI): Response {
  const statuses = (result.errors ?? []).map(
    error => (error.extensions.http as { status?: number } | undefined)?.status,
  )
  const status = statuses.find(each => each === 401 || each === 403) ?? 200
  const shown = result.errors ? { ...result, errors: result.errors.map(withoutHttp) } : result
  return new Response(`:\n\n${next(JSON.stringify(shown))}${complete}`, { status, headers: headers() })
}

/** A subscription for a client that reads no event streams: its source must end, or nobody ever ends it. */
async function notAcceptable(answering: Answering, { Response }: FetchAPI): Promise<Response> {
  await answering.return?.()
  return new Response(null, { status: 406, headers: { accept: type } })
}
