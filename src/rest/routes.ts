import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Actor, requireScope } from '../domain/operation.ts'
import type { Ask } from '../graphql/ask.ts'
import { assignSchema, createSchema, historySchema, listSchema, statusSchema } from './bodies.ts'
import * as documents from './documents.ts'
import { answerError, answerNotFound, Refused, refusedBy } from './errors.ts'
import { inboundEmails, type TakeMail } from './inbound-emails.ts'
import { listBody, listed, listing, statusOf } from './listing.ts'
import { checkBodies } from './validation.ts'

export type RestOptions = { ask: Ask; authenticate(header: unknown): Promise<Actor>; takeMail: TakeMail }

/** The documented /v1 paths: each asks the graph one question and words the answer as the documentation does. */
export async function restDoor(
  app: FastifyInstance,
  { ask, authenticate, takeMail }: RestOptions,
): Promise<void> {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNotFound)
  checkBodies(app)

  app.addHook('onRequest', async request => {
    request.actor = await authenticate(request.headers.authorization)
    const { workspaceId } = request.params as { workspaceId?: string }
    // Where no route matches there is no workspace to check: the answer is the same 404 for every path.
    if (workspaceId !== undefined && workspaceId !== request.actor.workspaceId)
      throw new Refused(404, 'Workspace not found.')
    requireScope(request.actor, request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write')
  })

  const conversations = '/:workspaceId/support/inbox/conversations'
  const history = '/:workspaceId/support/inbox/customers/:contactId/conversations'

  const askList = ask(documents.ListConversationsDocument)
  app.get(conversations, { schema: listSchema }, async (request, reply) => {
    const answer = await askList(askingOf(request), listing(request))
    return listBody(
      request,
      reply,
      answer.conversations,
      ({ isUnread, channel, contact, ...conversation }) => ({
        ...listed(conversation),
        isUnread,
        channelId: channel?.id ?? null,
        contact,
      }),
    )
  })

  const askHistory = ask(documents.ListContactConversationsDocument)
  app.get(history, { schema: historySchema }, async (request, reply) => {
    const { contactId } = request.params as { contactId: string }
    const { contact } = await askHistory(askingOf(request), { contactId, ...listing(request) })
    if (!contact) throw new Refused(404, 'Contact not found.')
    return listBody(request, reply, contact.conversations, listed)
  })

  const askCreate = ask(documents.CreateConversationDocument)
  app.post(conversations, { schema: createSchema }, async (request, reply) => {
    const { email, name, subject, contentText } = request.body as documents.CreateConversationInput
    const idempotencyKey = request.headers['idempotency-key']?.toString()
    const input = { email, name, subject, contentText, idempotencyKey }
    const { createConversation: answer } = await askCreate(askingOf(request), { input })
    const { conversation, contact, message, replayed } = done(answer)
    if (replayed) reply.header('Idempotency-Replayed', 'true')
    const { id, preview: contentPreview, status } = present(message)
    return reply.code(201).send({ conversation, contact, message: { id, contentPreview, status } })
  })

  await app.register(inboundEmails, { takeMail })

  const askStatus = ask(documents.SetConversationStatusDocument)
  app.put(`${conversations}/:conversationId/status`, { schema: statusSchema }, async request => {
    const { conversationId } = request.params as { conversationId: string }
    const status = statusOf((request.body as { status: unknown }).status)
    const answer = await askStatus(askingOf(request), { input: { conversationId, status } })
    return { conversation: done(answer.setConversationStatus).conversation }
  })

  const askAssign = ask(documents.AssignConversationDocument)
  app.put(`${conversations}/:conversationId/assign`, { schema: assignSchema }, async request => {
    const { conversationId } = request.params as { conversationId: string }
    const { agentId } = request.body as { agentId: string | null }
    const answer = await askAssign(askingOf(request), { input: { conversationId, agentId } })
    const { id, assignedTo } = present(done(answer.assignConversation).conversation)
    return { conversation: { id, assignedToAgentId: assignedTo?.id ?? null } }
  })
}

const askingOf = ({ actor, id: requestId, log }: FastifyRequest) => ({ actor, requestId, log })

/** A payload that was not refused. @throws Refused for the first of its userErrors */
function done<Payload extends { userErrors: { code: documents.UserErrorCode; message: string }[] }>(
  payload: Payload,
) {
  const [refused] = payload.userErrors
  if (refused) throw refusedBy(refused.code, refused.message)
  return payload
}

function present<Value>(value: Value | null): Value {
  if (value === null) throw new Error('A payload without userErrors lacks its result.')
  return value
}
