import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { newPostgresDatabase } from '../../support/databases.ts'
import { client, newConversation } from '../../support/gateway.ts'
import { closeClients, conversationEvents, overSocket, socketClient } from '../../support/live.ts'
import { subscribed } from '../../support/live-fixtures.ts'
import { startProcess } from '../../support/process.ts'
import { test as base } from '../../support/program.ts'
import { startCollector } from '../../support/trace-collector.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('collector', async ({}, { onCleanup }) => {
    const collector = await startCollector()
    onCleanup(collector.close)
    return collector
  })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('demo', async ({}, { onCleanup }) => {
    const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-traces-'))
    onCleanup(() => rmSync(DATA_DIR, { recursive: true, force: true }))
    return { DATA_DIR, DATABASE_URL: await newPostgresDatabase(), DEMO: '1', DEMO_API_KEY: 'demo_traced' }
  })

const caller = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

const note = `mutation Note($id: ID!) {
  addNote(input: { conversationId: $id, contentText: "secret words" }) { userErrors { code } }
}`

test('traces lead from a caller over its operation and statements to the events that it causes', async ({
  start,
  collector,
  demo,
}) => {
  const running = await startProcess(start, {
    ...demo,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  })
  const from = client(running.url, 'demo_traced')
  const { id } = await newConversation(from, 'jane@example.com', 'private words')
  const heard = overSocket(socketClient(from), conversationEvents, { conversationId: id })
  await subscribed(running, 1)
  await fetch(`${running.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: from.authorization,
      traceparent: `00-${caller.traceId}-${caller.spanId}-01`,
    },
    body: JSON.stringify({ query: note, variables: { id } }),
  })
  await heard.until(1)
  await closeClients()
  expect(await running.end()).toBe(0)

  const { spans } = collector
  const ofCaller = spans.filter(span => span.traceId === caller.traceId)
  const named = (name: string) => ofCaller.find(span => span.name === name)
  const [request, operation] = [named('POST /graphql'), named('mutation Note')]
  expect(request?.parentSpanId).toBe(caller.spanId)
  expect(operation?.parentSpanId).toBe(request?.spanId)
  const statements = ofCaller.filter(span => span.parentSpanId === operation?.spanId)
  expect(statements.map(span => span.name)).toContain('WITH')
  expect(attributeOf(request, 'http.response.status_code')).toEqual({ intValue: 200 })
  expect(attributeOf(operation, 'gateway.outcome')).toEqual({ stringValue: 'ok' })

  const event = spans.find(span => span.name === 'event MessageAdded')
  expect(event?.traceId).not.toBe(caller.traceId)
  expect(event?.links).toEqual([
    expect.objectContaining({ traceId: caller.traceId, spanId: operation?.spanId }),
  ])

  expect(collector.paths).toEqual(new Set(['/v1/traces']))
  expect(collector.services).toEqual(new Set(['conversations-gateway']))
  expect(JSON.stringify(spans).match(/(secret|private) words|jane|demo_traced/g)).toBeNull()
})

const attributeOf = (span: { attributes: { key: string; value: unknown }[] } | undefined, name: string) =>
  span?.attributes.find(({ key }) => key === name)?.value

test.for<Record<string, string>>([
  { withOthers: '1' },
  { OTEL_SDK_DISABLED: 'true', withEndpoint: '1' },
  { OTEL_TRACES_EXPORTER: 'none', withEndpoint: '1' },
])(
  'without a destination nothing is sent: %o',
  async ({ withEndpoint, withOthers, ...environment }, { start, collector, demo }) => {
    const running = await startProcess(start, {
      ...demo,
      ...environment,
      ...(withEndpoint && { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }),
      ...(withOthers && {
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: collector.url,
      }),
    })
    await newConversation(client(running.url, 'demo_traced'))
    expect(await running.end()).toBe(0)
    expect(collector.paths.size).toBe(0)
  },
)

test('a collector that refuses traces costs a line, and the gateway ends in order', async ({
  start,
  collector,
  demo,
}) => {
  collector.refuse()
  const running = await startProcess(start, {
    ...demo,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'alwayson',
  })
  await newConversation(client(running.url, 'demo_traced'))
  expect(await running.end()).toBe(0)
  expect(collector.paths).toEqual(new Set(['/v1/traces']))
  expect(running.lines.map(({ msg }) => msg).join()).toContain('OTEL_TRACES_SAMPLER')
})
