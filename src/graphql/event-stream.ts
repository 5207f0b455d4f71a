import type { ExecutionResult } from 'graphql'
import type { FetchAPI, Plugin } from 'graphql-yoga'
import { withoutHttp } from './errors.ts'
import type { Asking } from './graph.ts'

const type = 'text/event-stream'
const ping = 12_000
const utf8 = new TextEncoder()

/**
 * Server-sent events in the format of graphql-sse's distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each result, then `complete`. The next
 * result is asked for when the client has taken the last. A refusal travels in the stream, but for 401 and 403, which
 * clients understand as such; comments in between keep proxies from closing a quiet stream.
 */
export function useEventStream(): Plugin<object, Asking> {
  return {
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      const accept = request.headers.get('accept') ?? '*/*'
      const isLive = Symbol.asyncIterator in result
      if (Array.isArray(result) || (!isLive && (/json|\*\/\*/.test(accept) || !accept.includes(type)))) return
      setResultProcessor((answer, fetchAPI) => {
        if (isLive && !/text\/(event-stream|\*)|\*\/\*/.test(accept))
          return refuse(answer as Answer, fetchAPI)
        if (isLive) serverContext.streaming?.()
        return respond(answer as Answer, fetchAPI)
      }, type)
    },
  }
}

/** A subscription for a client that reads no event streams: its source must end, or nobody ever ends it. */
async function refuse(answer: Answer, { Response }: FetchAPI): Promise<Response> {
  if (Symbol.asyncIterator in answer) await answer[Symbol.asyncIterator]().return?.()
  return new Response(null, { status: 406, headers: { accept: type } })
}

type Answer = ExecutionResult | AsyncIterable<ExecutionResult>

function respond(answer: Answer, { ReadableStream, Response }: FetchAPI): Response {
  const results = Symbol.asyncIterator in answer ? answer[Symbol.asyncIterator]() : [answer].values()
  const heartbeat = { timer: undefined as NodeJS.Timeout | undefined }
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      stream.enqueue(utf8.encode(':\n\n'))
      heartbeat.timer = setInterval(() => stream.enqueue(utf8.encode(':\n\n')), ping)
    },
    async pull(stream) {
      const { done, value } = await results.next()
      stream.enqueue(utf8.encode(done ? 'event: complete\ndata:\n\n' : block(value)))
      if (!done) return
      clearInterval(heartbeat.timer)
      stream.close()
    },
    async cancel() {
      clearInterval(heartbeat.timer)
      await results.return?.()
    },
  })
  return new Response(body, {
    status: statusOf(answer),
    headers: {
      'content-type': type,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

function block({ extensions: _, ...result }: ExecutionResult): string {
  const shown = result.errors ? { ...result, errors: result.errors.map(withoutHttp) } : result
  return `event: next\ndata: ${JSON.stringify(shown)}\n\n`
}

function statusOf(answer: Answer): number {
  const errors = 'errors' in answer ? (answer.errors ?? []) : []
  const statuses = errors.map(error => (error.extensions.http as { status?: number } | undefined)?.status)
  return statuses.find(status => status === 401 || status === 403) ?? 200
}
