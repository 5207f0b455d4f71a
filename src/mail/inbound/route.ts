import type { FastifyInstance } from 'fastify'
import { requireScope } from '../../domain/operation.ts'
import { actorOf } from '../../http/actor.ts'
import type { Access } from '../../http/authenticate-requests.ts'
import { inWords } from '../../http/body-error.ts'
import { sendErrors } from '../../http/errors.ts'
import {
  bodyErrorResponses,
  errorResponses,
  idempotencyHeader,
  mismatchResponse,
  named,
  object,
  parameters,
  replayedHeader,
  text,
} from '../../http/openapi.ts'
import { requireWorkspace } from '../../http/workspace-access.ts'
import { limitBodies } from './limit-bodies.ts'
import type { ReceivedMail } from './receive-mail.ts'
import type { MailCaller } from './take-in.ts'

export type InboundRouteOptions = Access & {
  maxMailBytes: number
  /** Takes a mail in for a caller. @throws Refusal */
  receiveMail(caller: MailCaller, raw: Buffer, idempotencyKey: string | null): Promise<ReceivedMail>
}

const receivedMail = named(
  'ReceivedMail',
  object({
    conversation: object({ id: { ...text, description: 'The conversation, prefixed with thd_.' } }),
    message: object({
      id: { ...text, description: 'The message, prefixed with msg_.' },
      contentPreview: { ...text, description: 'The beginning of the text, on one line.' },
      status: { ...text, description: 'RECEIVED, or FAILED for a message that came back.' },
    }),
  }),
)

const contentType = 'message/rfc822'

const schemaOf = (maxBytes: number) => ({
  operationId: 'receiveMail',
  tags: ['Conversations'],
  summary: 'Take in a mail',
  description: `Takes in a mail as it arrived (RFC 5322), up to ${inWords(maxBytes)}; the same mail twice is taken once. Not part of the original documentation.`,
  consumes: [contentType],
  params: parameters({ workspaceId: 'The workspace of the key, prefixed with wrk_.' }),
  headers: idempotencyHeader,
  body: { type: 'string', format: 'binary' },
  response: {
    200: {
      ...receivedMail,
      description: 'The mail reports that one of yours came back: the failed message.',
      headers: replayedHeader,
    },
    201: {
      ...receivedMail,
      description: 'The message that the mail has become.',
      headers: replayedHeader,
    },
    ...errorResponses,
    ...bodyErrorResponses,
    ...mismatchResponse,
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
        receiveMail({ actor: actorOf(request), trace: request.trace }, request.body as Buffer, key),
      )
      if (replayed) reply.header('Idempotency-Replayed', 'true')
      const { id, preview: contentPreview, status } = message
      return reply
        .code(bounced ? 200 : 201)
        .send({ conversation: { id: message.conversationId }, message: { id, contentPreview, status } })
    },
  )
}
