import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../domain/operation.ts'
import { actorOf } from './actor.ts'
import { isKnownTag } from './etag.ts'
import { isRead } from './is-read.ts'

export type RevisionTags = {
  /** Another one for each version of the answers' form, as processes of several versions may answer the same client. */
  form: string
  /** A text that is another one after each change of the workspace. */
  revisionOf(workspaceId: string): Promise<string>
  /** What a 304 costs its key. @throws Refusal RATE_LIMITED */
  spend(actor: Actor): Promise<void>
}

/**
 * Tags the answers to GET with the revision of their workspace, and answers 304 to a client that has the answer already.
 * The tag is weak (RFC 9110, 8.8.1): a change of the workspace gives a new one, also if the answer shows nothing of it.
 * It is read before the answer, so an answer is never older than its tag. `If-None-Match: *` is ignored, as only the answer
 * shows whether there is one.
 *
 * @param isTagged whether the answer to a GET depends on the workspace alone
 */
export function tagRevisions(
  app: FastifyInstance,
  { form, revisionOf, spend }: RevisionTags,
  isTagged: (request: FastifyRequest) => boolean = () => true,
): void {
  const tags = new WeakMap<FastifyRequest, string>()

  async function tagRead(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const actor = actorOf(request)
    const tag = tagOf(request, actor, [form, await revisionOf(actor.workspaceId)])
    tags.set(request, tag)
    if (!isKnownTag(tag, request.headers['if-none-match'])) return
    await spend(actor)
    return reply.code(304).send()
  }

  app.addHook('preHandler', (request, reply, done) =>
    isRead(request) && isTagged(request) ? tagRead(request, reply) : done(),
  )

  app.addHook('onSend', (request, reply, payload, done) => {
    const tag = tags.get(request)
    if (tag === undefined) return done()
    // Yoga's responses have a status and headers of their own, which Fastify takes over later.
    const response = payload as Partial<Response> | null
    const status = response?.status ?? reply.statusCode
    const isStream = response?.headers?.get('content-type')?.startsWith('text/event-stream') ?? false
    if (!isStream && (status === 200 || status === 304)) {
      const vary = [reply.getHeader('Vary') ?? [], 'Authorization', 'Accept'].flat().join(', ')
      reply.headers({ ETag: tag, 'Cache-Control': 'private, no-cache', Vary: vary })
    }
    done()
  })
}

function tagOf({ url, headers }: FastifyRequest, { keyId, scopes }: Actor, state: readonly string[]): string {
  const parts = [...state, keyId, ...scopes, headers.accept ?? '', url]
  return `W/"${hash('sha256', JSON.stringify(parts), 'base64url')}"`
}
