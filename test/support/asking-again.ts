import type { Client } from './gateway.ts'

/** The answer to a query, as text. */
async function ask({ url, authorization }: Client, query: string, variables: object, headers = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  })
  return response.text()
}

/** The answer to a query that may be kept from before. */
export const askAgain = (client: Client, query: string, variables: object = {}): Promise<string> =>
  ask(client, query, variables)

/** The same, executed in any case: an answer that tells its cost is not kept. */
export async function askAnew(client: Client, query: string, variables: object = {}): Promise<string> {
  const { extensions: _, ...answer } = JSON.parse(
    await ask(client, query, variables, { 'X-Query-Cost': '1' }),
  )
  return JSON.stringify(answer)
}

/** Asks so often that the answer is kept. */
export async function askUntilKept(client: Client, query: string, variables: object = {}): Promise<string> {
  await askAgain(client, query, variables)
  return askAgain(client, query, variables)
}
