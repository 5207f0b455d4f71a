import {
  type Context,
  DiagLogLevel,
  diag,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { reasonOf } from './reason.ts'
import type { Attributes, Headers, Span, Trace, Traces } from './traces.ts'
import { within } from './within.ts'

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
}

/** A collector that does not answer must not keep the process from ending. */
const closeTimeoutMs = 2_000

/**
 * Sends traces as the `OTEL_…` variables say, which the SDK reads by itself. Spans are sent in batches behind the work, and
 * are lost if nobody takes them.
 *
 * @param onError called with a setting that is wrong, and with why spans were not taken
 */
export async function startOpenTelemetry(
  env: NodeJS.ProcessEnv,
  onError: (reason: string) => void,
): Promise<Traces> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node')
  const resources = await import('@opentelemetry/resources')
  const error = (reason: string) => onError(/"message":"([^"]*)"/.exec(reason)?.[1] ?? reason)
  diag.setLogger({ error, warn: error, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
  const isNamed = env.OTEL_SERVICE_NAME || env.OTEL_RESOURCE_ATTRIBUTES?.includes('service.name=')
  // Metrics are served, and the log is written, already.
  const sdk = new NodeSDK({
    ...(!isNamed && { serviceName: 'conversations-gateway' }),
    instrumentations: [],
    // By default they would tell the arguments of the process, its owner and its machine.
    ...(!env.OTEL_NODE_RESOURCE_DETECTORS && {
      resourceDetectors: [resources.envDetector, resources.serviceInstanceIdDetector],
    }),
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  return {
    ...tracesOf(trace.getTracer('conversations-gateway')),
    close: () => within(closeTimeoutMs, sdk.shutdown()).catch(error => onError(reasonOf(error))),
  }
}

function tracesOf(tracer: Tracer): Pick<Traces, 'of' | 'after'> {
  const placeIn = (context: Context, links: Links = []): Trace => ({
    traceparent: traceparentOf(context),
    isMeasured: true,
    begin(name, attributes, kind = 'internal') {
      const options = { kind: kinds[kind], attributes: known(attributes), links }
      const span = tracer.startSpan(name, options, context)
      return {
        ...placeIn(trace.setSpan(context, span)),
        end(attributes = {}, isFailed = false) {
          span.setAttributes(known(attributes))
          if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR })
          span.end()
        },
      } satisfies Span
    },
  })
  return {
    of: caller => placeIn(contextOf(caller)),
    after(traceparent) {
      const cause = traceparent === null ? undefined : trace.getSpanContext(contextOf({ traceparent }))
      return placeIn(ROOT_CONTEXT, cause && [{ context: cause }])
    },
  }
}

type Links = NonNullable<Parameters<Tracer['startSpan']>[1]>['links']

const contextOf = (caller: Headers) => propagation.extract(ROOT_CONTEXT, caller)

function traceparentOf(context: Context): string | null {
  const span = trace.getSpanContext(context)
  if (!span || !isSpanContextValid(span)) return null
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 1).toString().padStart(2, '0')}`
}

const known = (attributes: Attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)) as Record<
    string,
    string | number
  >
