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
      'Makes retries safe: 1 to 255 printable ASCII characters. Repeating a request with the same key within 24 hours changes nothing and returns the same ids. IDEMPOTENCY_MISMATCH if its input is different.',
  })
