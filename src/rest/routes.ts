import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { notFound, Refusal, refusal } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import type { InProcess } from '../graphql/transport/in-process.ts'
import { actorOf } from '../http/actor.ts'
import type { Access } from '../http/authenticate-requests.ts'
import { jsonBody } from '../http/body-error.ts'
import { clientGone } from '../http/client-gone.ts'
import { sendErrors, sendNotFound } from '../http/errors.ts'
import { countBodies, type OpenRequests } from '../http/request-bytes.ts'
import { type RevisionTags, tagRevisions } from '../http/revision-tag.ts'
import { requireWorkspace } from '../http/workspace-access.ts'
import { countAnswers, type UnsentAnswers } from './count-answers.ts'
import * as documents from './documents.ts'
import { inboxListing, listBody, listed, listing } from './listing.ts'
import { assignSchema, createSchema, historySchema, listSchema, statusSchema } from './paths.ts'
import { checkBodies } from './validation.ts'

export type RestOptions = Access & {
  tags: RevisionTags
  inProcess: InProcess
  maxBodyBytes: number
  maxPageSize: number
  unsent: UnsentAnswers
  open: OpenRequests
}

const conversations = '/:workspaceId/support/inbox/conversations'
const history = '/:workspaceId/support/inbox/customers/:contactId/conversations'

/**
 * The documented /v1 paths. Each route executes one operation of the graph and returns the documented body. The checks
 * come in this order: 401, 404 for the workspace, 403, 400, 404 for what the path names.
 */
export async function restRoutes(
  app: FastifyInstance,
  { inProcess, maxBodyBytes, maxPageSize, unsent, open, tags, ...access }: RestOptions,
): Promise<void> {
  const answerError = sendErrors(jsonBody(maxBodyBytes))
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError(documented(error), request, reply))
  app.setNotFoundHandler(sendNotFound)
  checkBodies(app)
  requireWorkspace(app, access)
  countBodies(app, open, maxBodyBytes)
  tagRevisions(app, tags)
  countAnswers(app, unsent)

  function callerOf(request: FastifyRequest, reply: FastifyReply) {
    const actor = actorOf(request)
    return {
      actor,
      trace: request.trace,
      signal: clientGone(reply),
      requestId: request.id,
      log: request.server.log,
      countsAnswer: true,
    }
  }

  /** The options of a route. The actor's scopes are checked before the body is read. */
  const route = (schema: object, operation: { authorize(actor: Actor): void }) => ({
    schema,
    onRequest: async (request: FastifyRequest) => operation.authorize(actorOf(request)),
  })

  const list = inProcess(documents.ListConversationsDocument)
  app.get(conversations, route(listSchema, list), async (request, reply) => {
    const answer = await list.execute(inboxListing(request, maxPageSize), callerOf(request, reply))
    return listBody(request, reply, answer.conversations, conversation => ({
      ...listed(conversation),
      isUnread: conversation.isUnread,
      channelId: conversation.channel?.id ?? null,
      contact: conversation.contact,
    }))
  })

  const listOfContact = inProcess(documents.ListContactConversationsDocument)
  app.get(history, route(historySchema, listOfContact), async (request, reply) => {
    const { contactId } = request.params as { contactId: string }
    const { contact } = await listOfContact.execute(
      { contactId, ...listing(request, maxPageSize) },
      callerOf(request, reply),
    )
    if (!contact) throw notFound('contact')
    return listBody(request, reply, contact.conversations, listed)
  })

  const create = inProcess(documents.CreateConversationDocument)
  app.post(conversations, route(createSchema, create), async (request, reply) => {
    const { email, name, subject, contentText } = request.body as documents.CreateConversationInput
    const idempotencyKey = request.headers['idempotency-key']?.toString()
    const input = { email, name, subject, contentText, idempotencyKey }
    const answer = await create.execute({ input }, callerOf(request, reply))
    return created(reply, accepted(answer.createConversation))
  })

  const setStatus = inProcess(documents.SetConversationStatusDocument)
  app.put(
    `${conversations}/:conversationId/status`,
    route(statusSchema, setStatus),
    async (request, reply) => {
      const { conversationId } = request.params as { conversationId: string }
      const { status } = request.body as { status: documents.ConversationStatus }
      const answer = await setStatus.execute({ input: { conversationId, status } }, callerOf(request, reply))
      return { conversation: accepted(answer.setConversationStatus).conversation }
    },
  )

  const assign = inProcess(documents.AssignConversationDocument)
  app.put(`${conversations}/:conversationId/assign`, route(assignSchema, assign), async (request, reply) => {
    const { conversationId } = request.params as { conversationId: string }
    const { agentId } = request.body as { agentId: string | null }
    const answer = await assign.execute({ input: { conversationId, agentId } }, callerOf(request, reply))
    const { id, assignedTo } = resultOf(accepted(answer.assignConversation).conversation)
    return { conversation: { id, assignedToAgentId: assignedTo?.id ?? null } }
  })
}

/** REST has its own message for a bad cursor. */
const documented = (error: Error) =>
  error instanceof Refusal && error.code === 'BAD_CURSOR' ? refusal('BAD_CURSOR', 'Invalid cursor.') : error

function created(
  reply: FastifyReply,
  { conversation, contact, message, replayed }: documents.CreateConversationMutation['createConversation'],
) {
  if (replayed) reply.header('Idempotency-Replayed', 'true')
  const { id, preview: contentPreview, status } = resultOf(message)
  return reply.code(201).send({ conversation, contact, message: { id, contentPreview, status } })
}

/** Returns a payload without userErrors. @throws Refusal for the first of its userErrors */
function accepted<Payload extends { userErrors: { code: documents.UserErrorCode; message: string }[] }>(
  payload: Payload,
) {
  const [error] = payload.userErrors
  if (error) throw refusal(error.code, error.message)
  return payload
}

function resultOf<Value>(value: Value | null): Value {
  if (value === null) throw new Error('A payload without userErrors lacks its result.')
  return value
}
