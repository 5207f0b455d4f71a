/** What an operator may set for this process, and README lists. */
export type Limits = {
  maxDocumentCharacters: number
  /** The characters of documents that are new to this process, of one key a minute. */
  maxDocumentCharactersPerMinute: number
  maxTokens: number
  maxDepth: number
  maxAliases: number
  maxDirectives: number
  /** What one operation may cost. */
  maxQueryCost: number
  /** What the operations of one key may cost a minute. */
  maxCostPerMinute: number
  /** The bytes of one answer. */
  maxAnswerBytes: number
  /** The bytes of all answers of one key that have not left yet. */
  maxUnsentBytesPerKey: number
  /** The bytes of answers that are kept for queries that come again; 0: none. */
  maxKeptAnswerBytes: number
  /** The bytes of all requests of one key that are open: on their way in, in work, or subscriptions. */
  maxRequestBytesPerKey: number
  /** The bytes of message text that one workspace may add an hour. */
  maxTextBytesPerHour: number
  /** The changes that one workspace may make an hour. */
  maxChangesPerHour: number
  /** The different subscriptions of one key at once. */
  maxBroadcastsPerKey: number
  /** The rows of one page. */
  maxPageSize: number
  /** The values of one list in a filter, and the ids of one `nodes`. */
  maxListValues: number
  /** The bytes of a JSON body, and of a message over WebSocket. */
  maxBodyBytes: number
  /** The names and values of a JSON body, and of a message over WebSocket. */
  maxJsonValues: number
  maxMailBytes: number
  maxOperationsPerSocket: number
  maxSocketsPerKey: number
  maxSocketsPerAddress: number
  /** How long a socket may stay without `connection_init`. */
  connectionInitTimeoutMs: number
  maxStreamsPerKey: number
  maxStreamsPerAddress: number
  /** The messages of one socket a second, on average over ten seconds. */
  maxMessagesPerSecond: number
  /** The wrong credentials of one address a minute. */
  maxFailedAuthenticationsPerMinute: number
}

/** The text of a message, in code points. */
export const maxTextCharacters = 100_000
/** A subject, in code points: the longest line that a mail may have (RFC 5322, 2.1.1). */
export const maxSubjectCharacters = 998
/** The name of a person, a channel, a key or a workspace, in code points. */
export const maxNameCharacters = 200
/** The sender's own id of a message, in code points. */
export const maxExternalIdCharacters = 255

/** What the schema's descriptions name. */
export const defaultMaxPageSize = 100
export const defaultMaxListValues = 100
