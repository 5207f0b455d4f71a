import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A span as OTLP/JSON writes it. */
type SentSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  links?: { traceId: string; spanId: string }[]
  attributes: { key: string; value: Record<string, unknown> }[]
  status: { code?: number }
}

type Exported = {
  resourceSpans: {
    resource: { attributes: SentSpan['attributes'] }
    scopeSpans: { spans: SentSpan[] }[]
  }[]
}

/** A collector of OpenTelemetry that keeps what it is sent. */
export async function startCollector() {
  const spans: SentSpan[] = []
  const paths = new Set<string>()
  const services = new Set<unknown>()
  let isRefusing = false
  const server = createServer(async (request, response) => {
    paths.add(request.url ?? '')
    if (isRefusing) return void response.writeHead(401).end()
    const { resourceSpans = [] } = (await json(request)) as Partial<Exported>
    for (const { resource, scopeSpans } of resourceSpans) {
      services.add(resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue)
      spans.push(...scopeSpans.flatMap(scope => scope.spans))
    }
    response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    paths,
    services,
    /** From now on it takes nothing. */
    refuse() {
      isRefusing = true
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
