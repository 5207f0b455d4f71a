import type { FastifyBaseLogger } from 'fastify'
import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import { refusal } from '../domain/errors.ts'
import type { Actor } from '../domain/operation.ts'
import type { Context, GraphRooms } from './context.ts'
import { type Asker, presentableTo, refusalError } from './errors.ts'
import { useEventStream } from './event-stream.ts'
import { firstLook } from './first-look.ts'
import { documentCache, limits } from './limits.ts'
import { createLoaders } from './loaders.ts'
import { useErrors, useEventCursorFirst, useScopes } from './plugins.ts'
import { schema } from './schema.ts'

/** What a door knows about a request: who asks, established before; null: nobody, which only gets the page. */
export type Asking = Asker & {
  actor: Actor | null
  /** Called when the answer turns out to be an event stream, which stays open. */
  streaming?: () => void
  /** Of the header `Last-Event-ID`. */
  lastEventId?: string | undefined
}

export type Graph = YogaServerInstance<Asking, Context>

/** The one way to ask the graph, whichever door a question comes through. */
export function createGraph(rooms: GraphRooms, log: FastifyBaseLogger): Graph {
  return createYoga<Asking, Context>({
    schema,
    context({ actor, requestId, log, lastEventId }) {
      if (!actor) throw refusalError(refusal('UNAUTHENTICATED', 'A credential is needed.'))
      return {
        ...rooms,
        actor,
        requestId,
        log,
        lastEventId,
        loaders: createLoaders(rooms.db, actor.workspaceId),
      }
    },
    plugins: [useEventStream(), ...limits(), useScopes(), useErrors(), useEventCursorFirst()],
    maskedErrors: { maskError: presentableTo(log) },
    parserAndValidationCache: { documentCache: documentCache(), errorCache: documentCache<Error>() },
    ...firstLook,
    logging: false,
    landingPage: false,
    multipart: false,
    cors: false,
  })
}
