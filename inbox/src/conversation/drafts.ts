import type { Kind } from '../actions/write.ts'

/** What was written and not sent. The idempotency key belongs to the text: sending it again is the same request. */
export type Draft = { text: string; idempotencyKey: string }

/** Whose draft it is, of which conversation, and of which kind. */
export type DraftPlace = readonly [viewerId: string, conversationId: string, kind: Kind]

const nameOf = (...place: DraftPlace) => `inbox.draft.${place.join('.')}`

export function readDraft(storage: Storage, ...of: DraftPlace): Draft | null {
  const kept = storage.getItem(nameOf(...of))
  return kept === null ? null : (JSON.parse(kept) as Draft)
}

/** Keeps the draft; one without text is removed. A storage that is full loses the draft at a reload, not before. */
export function keepDraft(storage: Storage, draft: Draft, ...of: DraftPlace): void {
  const name = nameOf(...of)
  try {
    if (draft.text === '') storage.removeItem(name)
    else storage.setItem(name, JSON.stringify(draft))
  } catch {
    storage.removeItem(name)
  }
}
