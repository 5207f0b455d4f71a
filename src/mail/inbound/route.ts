import type { FastifyInstance } from 'fastify'
import { type Actor, requireScope } from '../../domain/operation.ts'
import { actorOf } from '../../http/actor.ts'
import type { Access } from '../../http/authenticate-requests.ts'
import { inWords } from '../../http/body-error.ts'
import { sendErrors } from '../../http/errors.ts'
import { errorResponses, idempotencyHeader, object, text } from '../../http/openapi.ts'
import { requireWorkspace } from '../../http/workspace-access.ts'
import { limitBodies } from './limit-bodies.ts'
import type { ReceivedMail } from './receive-mail.ts'

export type InboundRouteOptions = Access & {
  maxMailBytes: number
  /** Takes a mail in for an actor. @throws Refusal */
  receiveMail(actor: Actor, raw: Buffer, idempotencyKey: string | null): Promise<ReceivedMail>
}

const storedMessage = object({
  conversation: object({ id: text }),
  message: object({ id: text, contentPreview: text, status: text }),
})

const contentType = 'message/rfc822'

const schemaOf = (maxBytes: number) => ({
  tags: ['Conversations'],
  summary: `Takes in a mail as it arrived (RFC 5322), up to ${inWords(maxBytes)}; the same mail twice is taken once.`,
  consumes: [contentType],
  headers: idempotencyHeader,
  body: { type: 'string', format: 'binary' },
  response: {
    200: {
      ...storedMessage,
      description: 'The mail reports that one of yours came back: the failed message.',
    },
    201: { ...storedMessage, description: 'The message that the mail has become.' },
    ...errorResponses,
  },
})

/** The route where a mail server hands in mail for the team, as it arrived. */
export async function inboundMailRoute(
  app: FastifyInstance,
  { maxMailBytes: bodyLimit, receiveMail, ...access }: InboundRouteOptions,
): Promise<void> {
  app.setErrorHandler(sendErrors({ maxBytes: bodyLimit, contentType }))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(contentType, { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
    done(null, body),
  )
  app.setValidatorCompiler(() => () => true)
  requireWorkspace(app, access)
  app.addHook('onRequest', async request => requireScope(actorOf(request), 'write'))
  const withinLimit = limitBodies(app, bodyLimit)
  app.post(
    '/:workspaceId/support/inbox/inbound-emails',
    { schema: schemaOf(bodyLimit), bodyLimit, config: { takesMail: true } },
    async (request, reply) => {
      const key = request.headers['idempotency-key']?.toString() ?? null
      const { message, replayed, bounced } = await withinLimit(request, () =>
        receiveMail(actorOf(request), request.body as Buffer, key),
      )
      if (replayed) reply.header('Idempotency-Replayed', 'true')
      const { id, preview: contentPreview, status } = message
      return reply
        .code(bounced ? 200 : 201)
        .send({ conversation: { id: message.conversationId }, message: { id, contentPreview, status } })
    },
  )
}
