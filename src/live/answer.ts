/** The answer to an event as it is sent, and the cursor right after the event; null: it is not an event of the log. */
export type Answer = { text: string; cursor: string | null }
