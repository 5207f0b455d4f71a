import type { ExecutionResult } from 'graphql'
import type { FetchAPI, Plugin } from 'graphql-yoga'
import type { Answer } from '../../live/answer.ts'
import { type Repetition, repeat } from '../../runtime/repeat.ts'
import type { AnswerStream } from '../execution/answer-stream.ts'
import { type RequestLog, toClientError, withoutHttp } from '../execution/errors.ts'
import type { HttpRequest } from './http-request.ts'

const type = 'text/event-stream'
const heartbeatEveryMs = 10_000
const utf8 = new TextEncoder()

/**
 * Server-sent events in the format of graphql-sse's distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each answer, then `complete`. The next
 * answer is read when the client has taken the last one. Each event has its cursor as `id`. Every 10 seconds a block
 * with only an `id` shows how far the stream has come. It keeps `Last-Event-ID` recent on a quiet or narrow stream, and
 * lets proxies see traffic. A refusal is sent in the stream with status 200; 401 and 403 keep their status, because
 * clients understand it.
 */
export function useEventStream(): Plugin<object, HttpRequest> {
  return {
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      const accept = request.headers.get('accept') ?? '*/*'
      const answers = isAnswerStream(result) ? result : null
      if (Array.isArray(result) || (!answers && (/json|\*\/\*/.test(accept) || !accept.includes(type))))
        return
      setResultProcessor((given, fetchAPI) => {
        if (!answers) return refusedStream(given as ExecutionResult, fetchAPI)
        if (!/text\/(event-stream|\*)|\*\/\*/.test(accept)) return notAcceptable(answers, fetchAPI)
        serverContext.onEventStream()
        return stream(answers, serverContext, fetchAPI)
      }, type)
    },
  }
}

const isAnswerStream = (result: object): result is AnswerStream => Symbol.asyncIterator in result

// Made anew each time, because a response writes its own length into the object.
const headers = () => ({
  'content-type': type,
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
})
const complete = 'event: complete\ndata:\n\n'
const next = (text: string) => `event: next\ndata: ${text}\n\n`
const idOf = ({ cursor }: { cursor: string | null }) => (cursor === null ? '' : `id: ${cursor}\n`)

function stream(
  answers: AnswerStream,
  request: Pick<HttpRequest, 'requestId' | 'log' | 'drained'>,
  { ReadableStream, Response }: FetchAPI,
): Response {
  let isCancelled = false
  let heartbeat: Repetition | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const beat = () => {
        // Nothing is queued for a client that does not read.
        if ((controller.desiredSize ?? 0) <= 0) return
        const cursor = answers.position()
        controller.enqueue(utf8.encode(cursor === null ? ':\n\n' : `${idOf({ cursor })}\n`))
      }
      controller.enqueue(utf8.encode(':\n\n'))
      const onError = (error: unknown) =>
        request.log.warn({ err: error, requestId: request.requestId }, 'a heartbeat failed')
      heartbeat = repeat(beat, { everyMs: heartbeatEveryMs, firstAfterMs: heartbeatEveryMs, onError })
    },
    async pull(controller) {
      // The next frame is asked for while the last one may still wait in the response.
      await request.drained()
      const { frame, last } = await nextFrame(answers, request)
      if (isCancelled) return
      controller.enqueue(utf8.encode(frame))
      if (!last) return
      void heartbeat?.stop()
      controller.close()
    },
    async cancel() {
      isCancelled = true
      void heartbeat?.stop()
      await answers.return?.()
    },
  })
  return new Response(body, { status: 200, headers: headers() })
}

async function nextFrame(answers: AnswerStream, log: RequestLog): Promise<{ frame: string; last: boolean }> {
  try {
    const { done, value } = await answers.next()
    return done ? { frame: complete, last: true } : { frame: frameOf(value), last: false }
  } catch (error) {
    await answers.return?.()
    const errors = [withoutHttp(toClientError(error, log))]
    return { frame: next(JSON.stringify({ errors })) + complete, last: true }
  }
}

const frameOf = (answer: Answer) => idOf(answer) + next(answer.text)

/** A result that is not a stream, for a client that accepts only event streams. */
function refusedStream({ extensions: _, ...result }: ExecutionResult, { Response }: FetchAPI): Response {
  const statuses = (result.errors ?? []).map(
    error => (error.extensions.http as { status?: number } | undefined)?.status,
  )
  const status = statuses.find(each => each === 401 || each === 403) ?? 200
  const shown = result.errors ? { ...result, errors: result.errors.map(withoutHttp) } : result
  return new Response(`:\n\n${next(JSON.stringify(shown))}${complete}`, { status, headers: headers() })
}

/**
 * A subscription for a client that does not accept event streams. Its source is ended, because nothing else would end
 * it.
 */
async function notAcceptable(answers: AnswerStream, { Response }: FetchAPI): Promise<Response> {
  await answers.return?.()
  return new Response(null, { status: 406, headers: { accept: type } })
}
