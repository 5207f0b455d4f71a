import { onTestFinished } from 'vitest'
import { pause, pick } from './resuming-clients.ts'

export type Answered = { status: number; retryAfter: string | null; cursors: string[] }

const change = `mutation ($id: ID!, $status: ConversationStatus!, $agent: ID) {
  setConversationStatus(input: { conversationId: $id, status: $status }) { cursor }
  assignConversation(input: { conversationId: $id, agentId: $agent }) { cursor }
}`

type Writing = {
  url: string
  key: string
  conversations: readonly { id: string }[]
  agentId: string
}

/** Changes conversations all the time, until it is stopped or the test ends. What comes back is kept; status 0: nothing came back. */
export function startWriters(count: number, { url, key, conversations, agentId }: Writing) {
  const answers: Answered[] = []
  let isOver = false

  async function send(): Promise<Answered> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      // An nginx that is reloaded closes the connections that it keeps for later.
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, connection: 'close' },
      body: JSON.stringify({
        query: change,
        variables: {
          id: pick(conversations).id,
          status: pick(['OPEN', 'CLOSED', 'ARCHIVED']),
          agent: pick([agentId, null]),
        },
      }),
    })
    const body = await response.json().catch(() => null)
    const changes = Object.values(body?.data ?? {}) as ({ cursor: string | null } | null)[]
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      cursors: changes.flatMap(each => each?.cursor ?? []),
    }
  }

  async function write(): Promise<void> {
    while (!isOver) {
      answers.push(await send().catch(() => ({ status: 0, retryAfter: null, cursors: [] })))
      await pause(Math.random() * 40)
    }
  }
  const writing = Promise.all(Array.from({ length: count }, write))
  async function stop(): Promise<void> {
    isOver = true
    await writing
  }
  onTestFinished(stop)
  return {
    answers,
    /** The cursors of all changes that were acknowledged. */
    acknowledged: () => new Set(answers.flatMap(answer => answer.cursors)),
    stop,
  }
}
