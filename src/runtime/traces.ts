/** What a span says about its work: short values, never texts, addresses or secrets. */
export type Attributes = Record<string, string | number | null>

/** A place in a trace, below which work is measured. */
export type Trace = {
  /** The place, as W3C Trace Context writes it for the next process; null: the trace has not begun. */
  traceparent: string | null
  /** Whether the work below is measured at all. */
  isMeasured: boolean
  /** Begins a piece of work. `kind`: the side of it, as OpenTelemetry names them. Default: `internal`. */
  begin(name: string, attributes: Attributes, kind?: 'internal' | 'server' | 'client' | 'consumer'): Span
}

/** A piece of work that is measured, and a place for what it consists of. */
export type Span = Trace & {
  /** Ends it, once. */
  end(attributes?: Attributes, isFailed?: boolean): void
}

export type Headers = Record<string, string | string[] | undefined>

/** The traces that requests and events belong to. */
export type Traces = {
  /** The place that a caller names in `traceparent`, else the beginning of a trace; null: nothing is traced. */
  of(caller: Headers): Trace | null
  /** The beginning of a trace, with a link to the work that caused it; null: nothing is traced. */
  after(traceparent: string | null): Trace | null
  /** Sends what has been measured. Never rejects. */
  close(): Promise<unknown>
}

/** The settings of OpenTelemetry that say where traces go. Without them there are none. */
const destinations = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
]

/** Whether the environment says where traces go. */
export const isTraced = (env: NodeJS.ProcessEnv): boolean =>
  env.OTEL_SDK_DISABLED?.toLowerCase() !== 'true' &&
  env.OTEL_TRACES_EXPORTER !== 'none' &&
  destinations.some(name => env[name])

/**
 * A place as version 00 writes it; a later version begins in the same way and may go on. An id of zeros is none (W3C Trace
 * Context, 3.2.2 and 4.3).
 */
const form = /^(?!ff)([\da-f]{2})(-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2})(-.*)?$/

/** null: it names no place. */
function placeIn(header: string): string | null {
  const [, version, place, others] = form.exec(header) ?? []
  if (place === undefined || (version === '00' && others !== undefined)) return null
  return `00${place}`
}

/** Measures nothing. A caller's place goes on to what the caller changes, so that others can follow it. */
export const untraced: Traces = {
  of({ traceparent: header }) {
    const traceparent = typeof header === 'string' ? placeIn(header) : null
    if (traceparent === null) return null
    const place: Span = { traceparent, isMeasured: false, begin: () => place, end() {} }
    return place
  },
  after: () => null,
  close: async () => {},
}
