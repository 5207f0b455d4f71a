import type { Noun } from '../../src/domain/nouns.ts'
import { mail } from './inbound.ts'
import type { Names } from './known-positions.ts'
import type { RestPosition } from './openapi-positions.ts'
import type { Filled } from './two-workspaces.ts'

/** A `key` is one that requests are made with. A `mail` names messages and conversations in its headers. */
type RestNames = Exclude<Names, 'any noun' | 'event log'> | 'key' | 'mail'

type KnownOperation = {
  /** What the value at each place names. */
  names: Record<string, RestNames>
  /** A body that is accepted, and that changes something. */
  body?: (own: Filled, subject: string) => object | string
}

const inWorkspace = { 'security.key': 'key', 'path.workspaceId': 'workspace' } as const
const page = { 'query.status': 'nothing', 'query.limit': 'nothing', 'query.cursor': 'list' } as const

const inbox = '/v1/workspaces/{workspaceId}/support/inbox'

/** Every operation of the REST paths, with every value that it takes. */
const knownOperations: Record<string, KnownOperation> = {
  [`GET ${inbox}/conversations`]: {
    names: {
      ...inWorkspace,
      ...page,
      // A filter: another workspace's agent has nothing, as one that does not exist.
      'query.assignedToId': 'nothing',
      'query.isUnread': 'nothing',
      'query.search': 'nothing',
    },
  },
  [`GET ${inbox}/customers/{contactId}/conversations`]: {
    names: { ...inWorkspace, ...page, 'path.contactId': 'contact' },
  },
  [`POST ${inbox}/conversations`]: {
    names: {
      ...inWorkspace,
      'header.idempotency-key': 'request',
      'body.email': 'address',
      'body.name': 'nothing',
      'body.subject': 'nothing',
      'body.contentText': 'nothing',
    },
    body: (_, subject) => ({ email: 'new@example.com', subject, contentText: 'Hello' }),
  },
  [`PUT ${inbox}/conversations/{conversationId}/status`]: {
    names: { ...inWorkspace, 'path.conversationId': 'conversation', 'body.status': 'nothing' },
    body: () => ({ status: 'ARCHIVED' }),
  },
  [`PUT ${inbox}/conversations/{conversationId}/assign`]: {
    names: { ...inWorkspace, 'path.conversationId': 'conversation', 'body.agentId': 'agent' },
    body: () => ({ agentId: null }),
  },
  [`POST ${inbox}/inbound-emails`]: {
    names: { ...inWorkspace, 'header.idempotency-key': 'request', body: 'mail' },
    body: (_, subject) => mail({ Subject: subject }),
  },
}

export function knownOperation(operation: string): KnownOperation {
  const known = knownOperations[operation]
  if (!known) throw new Error(`The walk does not know ${operation}.`)
  return known
}

/** An operation and a place in its requests, in one line. */
export const coordinateOf = ({ operation, place }: RestPosition) => `${operation} ${place.join('.')}`

/** Every known position, each after its coordinate and before what it names. */
export const knownRestPositions = Object.entries(knownOperations).flatMap(([operation, { names }]) =>
  Object.entries(names).map(([place, what]) => {
    const position = { operation, place: place.split('.') }
    return [coordinateOf(position), position, what] as const
  }),
)

/** The known positions that name one of these. */
export const restPositionsNaming = (...asked: string[]) =>
  knownRestPositions.filter(([, , what]) => asked.includes(what))

/** The own id for a parameter of a path. */
export const ownIdAt = (operation: string, name: string, own: Filled) =>
  own.ids[knownOperation(operation).names[`path.${name}`] as Noun]
