/** What a span says about its work: short values, never texts, addresses or secrets. */
export type Attributes = Record<string, string | number | null>

/** A place in a trace, below which work is measured. */
export type Trace = {
  /** The place, as W3C Trace Context writes it for the next process; null: the trace has not begun. */
  traceparent: string | null
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
  /** Sends what has been measured. */
  close(): Promise<void>
}

/** Version 00, which later versions begin with; an id of zeros is none (W3C Trace Context, 3.2.2). */
const form = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/

/** Measures nothing. A caller's place goes on to what the caller changes, so that others can follow it. */
export const untraced: Traces = {
  of({ traceparent }) {
    if (typeof traceparent !== 'string' || !form.test(traceparent)) return null
    const place: Span = { traceparent, begin: () => place, end() {} }
    return place
  },
  after: () => null,
  close: async () => {},
}
