import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { workspaceOf } from './statements.ts'

/** The body of a request for an operation of the graph. */
export type Body = { operationName: string; variables: Record<string, unknown> }

/** Tells the benchmark where this server listens, in the gateway's form. */
export const ready = (port: number) =>
  console.log(JSON.stringify({ msg: 'ready', url: `http://127.0.0.1:${port}` }))

function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', chunk => {
      text += chunk
    })
    request.on('end', () => resolve(text))
    request.on('error', reject)
  })
}

/** A server with nothing around it: it reads the JSON body, looks the key up, and sends what `answer` returns. */
export function listenBare(answer: (workspaceId: string, body: Body) => Promise<string>): void {
  const server = createServer(async (request, response) => {
    try {
      const body: Body = JSON.parse(await textOf(request))
      const workspaceId = await workspaceOf(request.headers.authorization)
      const text = Buffer.from(await answer(workspaceId, body))
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
    } catch (error) {
      console.error(error)
      response.writeHead(500).end()
    }
  })
  server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port))
}
