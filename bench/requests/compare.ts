import { deepStrictEqual } from 'node:assert'
import { Client } from 'undici'
import { type Answer, send } from './load.ts'
import type { Request } from './operations.ts'
import { revivePostgraphile } from './postgraphile.ts'
import type { Server, ServerName } from './processes.ts'
import type { Work } from './works.ts'

/** The bytes of every answer of a server, by request. */
export type Sizes = Map<Request, number>

/** How the answers of servers with a form of their own are read into the common one. */
const revivers: Partial<Record<ServerName, (key: string, value: unknown) => unknown>> = {
  'PostGraphile 5': revivePostgraphile,
}

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
      : await compareReads(clients, work.requests, work.own)
  } finally {
    await Promise.all([...clients.values()].map(client => client.close()))
  }
}

async function compareReads(clients: Map<ServerName, Client>, requests: Request[], own: Work['own']) {
  const sizes = new Map([...clients.keys()].map(name => [name, new Map() as Sizes]))
  for (const [index, common] of requests.entries()) {
    let expected: object | undefined
    for (const [name, client] of clients) {
      const request = own?.[name]?.[index] ?? common
      const answer = await send(client, request)
      const text = textOf(answer)
      const shown = { link: answer.link, body: JSON.parse(text, revivers[name]) as { data?: object } }
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
