import type { Db } from '../db/db.ts'
import { assignConversation } from '../domain/conversation/assign.ts'
import { receiveMessage } from '../domain/conversation/receive-message.ts'
import { replyToConversation } from '../domain/conversation/reply.ts'
import { setConversationStatus } from '../domain/conversation/set-status.ts'
import type { Operation } from '../domain/operation.ts'
import { repeat } from '../runtime/repeat.ts'
import { type Candidate, candidates, type People, people } from './candidates.ts'
import { demoWorkspaceId } from './documented.ts'
import { thanks, topics } from './phrases.ts'

export type TrafficOptions = {
  db: Db
  announce: Operation['announce']
  /** Whether somebody follows the demo's events. Without, nothing happens, so that a forgotten demo does not grow. */
  isWatched(): boolean
  onError(error: unknown): void
  everyMs?: number
}

/** What happens in the demo by itself, as long as it is running and somebody watches. */
export type Traffic = {
  isRunning(): boolean
  setRunning(isRunning: boolean): void
  close(): Promise<void>
}

/** Ten changes a minute. */
const defaultEveryMs = 6_000

/**
 * Plays the contacts and the other agents of the demo: messages come in and are answered, conversations are assigned and
 * closed. What is assigned to the demo's own agent, and what the documentation prints, is left alone.
 */
export function startTraffic(options: TrafficOptions): Traffic {
  const { isWatched, onError, everyMs = defaultEveryMs } = options
  let isRunning = true
  const playing = repeat(
    async () => {
      if (isRunning && isWatched()) await play(options)
    },
    { everyMs, firstAfterMs: everyMs, onError },
  )
  return {
    isRunning: () => isRunning,
    setRunning(wanted) {
      isRunning = wanted
    },
    close: playing.stop,
  }
}

/** Makes one change. */
async function play({ db, announce }: TrafficOptions): Promise<void> {
  const cast = await people(db)
  const agentId = oneOf(cast.agentIds)
  const as = (id: string): Operation => ({
    actor: { workspaceId: demoWorkspaceId, id, keyId: 'demo traffic', scopes: ['read', 'write'] },
    db,
    announce,
  })
  const found = await candidates(db)
  const waiting = found.filter(({ direction }) => direction === 'INBOUND')
  const answered = found.filter(({ direction }) => direction === 'OUTBOUND')
  const unassigned = found.filter(({ assignedToId }) => assignedToId === null)
  const chance = Math.random()
  if (chance < 0.3) return reply(as, oneOf(waiting), agentId)
  if (chance < 0.45) return close(as, oneOf(answered), agentId)
  if (chance < 0.6) return assign(as, oneOf(unassigned), agentId)
  if (chance < 0.8) return ask(as, oneOf(answered))
  return begin(as, cast)
}

type As = (actorId: string) => Operation

async function reply(
  as: As,
  conversation: Candidate | undefined,
  agentId: string | undefined,
): Promise<void> {
  const author = conversation?.assignedToId ?? agentId
  if (!conversation || !author) return
  const contentText = fill(oneOf(topicOf(conversation).answers) ?? '', conversation.contactName)
  await replyToConversation(as(author), { conversationId: conversation.id, contentText })
}

async function close(
  as: As,
  conversation: Candidate | undefined,
  agentId: string | undefined,
): Promise<void> {
  const actorId = conversation?.assignedToId ?? agentId
  if (conversation && actorId)
    await setConversationStatus(as(actorId), { conversationId: conversation.id, status: 'CLOSED' })
}

async function assign(
  as: As,
  conversation: Candidate | undefined,
  agentId: string | undefined,
): Promise<void> {
  if (conversation && agentId)
    await assignConversation(as(agentId), { conversationId: conversation.id, agentId })
}

async function ask(as: As, conversation: Candidate | undefined): Promise<void> {
  if (!conversation) return
  const text = oneOf([...topicOf(conversation).questions, ...thanks]) ?? ''
  await receiveMessage(as(conversation.contactId), {
    source: conversation.source,
    conversationId: conversation.id,
    contentText: fill(text, conversation.contactName),
    email: conversation.contactEmail,
  })
}

async function begin(as: As, { contacts }: People): Promise<void> {
  const [contact, topic] = [oneOf(contacts), oneOf(topics)]
  if (!contact || !topic) return
  const number = String(Math.ceil(Math.random() * 9_000))
  await receiveMessage(as(contact.id), {
    source: oneOf(['EMAIL', 'EMAIL', 'FORM'] as const) ?? 'EMAIL',
    contactId: contact.id,
    subject: fill(topic.subject, contact.name, number),
    contentText: fill(topic.opening, contact.name, number),
  })
}

/** The topic that a conversation's subject is of; any one if it has none. */
function topicOf({ subject }: Candidate): (typeof topics)[number] {
  const topic = topics.find(each => subject?.startsWith(each.subject.split('{')[0] ?? each.subject))
  return topic ?? oneOf(topics) ?? topics[0]
}

const fill = (text: string, name: string | null, number = '4821') =>
  text
    .replaceAll('{name}', name?.split(' ')[0] ?? 'there')
    .replaceAll('{agent}', 'Kind regards, the Tidy team')
    .replaceAll('{number}', number)
    .replaceAll('{product}', 'Tidy')

const oneOf = <Value>(values: readonly Value[]): Value | undefined =>
  values[Math.floor(Math.random() * values.length)]
