import { maxTextCharacters } from '../../../domain/limits.ts'
import type { InputFields } from '../builder.ts'

/** The longest text, for descriptions. */
export const maxTextLength = `${maxTextCharacters.toLocaleString('en')} characters`

/** The input field with the text of a new message. */
export const contentTextField = (t: InputFields) =>
  t.string({
    required: true,
    description: `Plain text, 1 to ${maxTextLength}. INVALID_INPUT if it is empty or only white space.`,
  })

/** The input field for an idempotency key. */
export const idempotencyKeyField = (t: InputFields) =>
  t.string({
    description:
      'Makes retries safe: 1 to 255 printable ASCII characters. Within 24 hours an equal request with the same key is a no-op and returns the same ids; a different one is refused with IDEMPOTENCY_MISMATCH.',
  })
