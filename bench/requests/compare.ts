import { deepStrictEqual } from 'node:assert'
import { Client } from 'undici'
import { type Answer, send } from './load.ts'
import type { Request } from './operations.ts'
import type { Server } from './processes.ts'
import type { Work } from './works.ts'

/** The bytes of every answer of a server, by request. */
export type Sizes = Map<Request, number>

const textOf = ({ chunks }: Answer) => Buffer.concat(chunks).toString()

/**
 * Compares every server's answers with those of the first one.
 * @returns the sizes of each server's answers, which it must keep to under load
 * @throws AssertionError that shows the difference
 */
export async function compare(servers: readonly Server[], work: Work): Promise<Map<string, Sizes>> {
  const clients = new Map(servers.map(({ name, url }) => [name, new Client(url)]))
  try {
    return typeof work.requests === 'function'
      ? await compareChanges(clients, work.requests)
      : await compareReads(clients, work.requests)
  } finally {
    await Promise.all([...clients.values()].map(client => client.close()))
  }
}

async function compareReads(clients: Map<string, Client>, requests: Request[]) {
  const sizes = new Map([...clients.keys()].map(name => [name, new Map() as Sizes]))
  for (const request of requests) {
    let expected: object | undefined
    for (const [name, client] of clients) {
      const answer = await send(client, request)
      const text = textOf(answer)
      const shown = { link: answer.link, body: JSON.parse(text) as { data?: object } }
      expected ??= shown
      deepStrictEqual(shown, expected, `${name} answers ${request.body ?? request.path} otherwise.`)
      sizes.get(name)?.set(request, Buffer.byteLength(text))
    }
  }
  return sizes
}

type Changed = { data: { setConversationStatus: { cursor: string; conversation: { status: string } } } }

/** A change cannot be made twice, so each server makes one of its own, there and back. */
async function compareChanges(clients: Map<string, Client>, next: (connection: number) => Request) {
  for (const [name, client] of clients) {
    const request = next(0)
    const { input } = JSON.parse(request.body ?? '').variables as {
      input: { conversationId: string; status: string }
    }
    const { data } = JSON.parse(textOf(await send(client, request))) as Changed
    const { cursor, ...answer } = data.setConversationStatus
    const expected = { conversation: { id: input.conversationId, status: input.status }, userErrors: [] }
    deepStrictEqual(answer, expected, `${name} answers a change otherwise.`)
    if (!/^[0-9a-v]{19}$/.test(cursor)) throw new Error(`${name} gave no cursor.`)
  }
  return new Map<string, Sizes>()
}
