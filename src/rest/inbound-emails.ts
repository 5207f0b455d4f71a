import type { FastifyInstance } from 'fastify'
import type { Actor } from '../domain/operation.ts'
import { inboundEmailSchema } from './bodies.ts'

/** Takes a mail in for an actor: the message it has become, or the one of ours whose delivery it reports as failed. */
export type TakeMail = (
  actor: Actor,
  raw: Buffer,
  idempotencyKey: string | null,
) => Promise<{
  message: { id: string; conversationId: string; preview: string; status: string }
  replayed: boolean
  bounced: boolean
}>

const most = 25 * 1024 * 1024

/** Where a mail server hands in what arrives for the team, as it is (message/rfc822). */
export async function inboundEmails(
  app: FastifyInstance,
  { takeMail }: { takeMail: TakeMail },
): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('message/rfc822', { parseAs: 'buffer', bodyLimit: most }, (_request, body, done) =>
    done(null, body),
  )
  app.setValidatorCompiler(() => () => true)
  app.post(
    '/:workspaceId/support/inbox/inbound-emails',
    { schema: inboundEmailSchema, bodyLimit: most },
    async (request, reply) => {
      if (!request.actor) throw new Error('A request without an actor has come through.')
      const key = request.headers['idempotency-key']?.toString() ?? null
      const { message, replayed, bounced } = await takeMail(request.actor, request.body as Buffer, key)
      if (replayed) reply.header('Idempotency-Replayed', 'true')
      const { id, preview: contentPreview, status } = message
      return reply
        .code(bounced ? 200 : 201)
        .send({ conversation: { id: message.conversationId }, message: { id, contentPreview, status } })
    },
  )
}
