import { z } from 'zod'
import { Refusal } from './errors.ts'
import {
  maxExternalIdCharacters,
  maxNameCharacters,
  maxSubjectCharacters,
  maxTextCharacters,
} from './limits.ts'

/** Checks an operation's input. @throws Refusal INVALID_INPUT with every field at fault. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(input)
  if (success) return data
  const [first, ...others] = error.issues.map(issue => {
    const path = issue.path.map(String)
    return { message: `${path.at(-1) ?? 'The input'} ${issue.message}`, path }
  })
  throw first ? new Refusal('INVALID_INPUT', first, ...others) : error
}

/** Text that PostgreSQL can store: no NUL character, no lone surrogate. */
const text = z
  .string('must be text.')
  .refine(
    value => !value.includes('\0') && value.isWellFormed(),
    'must not contain NUL or broken characters.',
  )

const tooLong = (limit: number) => `must be at most ${limit.toLocaleString('en')} characters long.`

const within = (limit: number) => (value: string) => value.length <= limit || [...value].length <= limit

/** White space, controls, and what takes no space of its own, such as U+200B. */
const unseen = /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*$/u

/** The text of a message: kept as it is. It has something to see. */
export const messageText = text
  .refine(value => !unseen.test(value), 'must not be empty.')
  .refine(within(maxTextCharacters), tooLong(maxTextCharacters))

/** A single line, trimmed; null: nothing is left. Line breaks are refused, because they could forge mail headers. */
const line = (limit: number) =>
  text
    .transform(value => value.trim())
    .refine(value => !/\p{Cc}/u.test(value), 'must be a single line without control characters.')
    .refine(within(limit), tooLong(limit))
    .nullish()
    .transform(value => value || null)

/** A name; null: none. */
export const name = line(maxNameCharacters)

/** The subject of a conversation; null: none. */
export const subject = line(maxSubjectCharacters)

/** The sender's own id of a message; null: none. */
export const externalId = line(maxExternalIdCharacters)

/** One email address, trimmed. SMTP allows at most 254 characters (RFC 5321, 4.5.3.1.3). */
export const address = text
  .transform(value => value.trim())
  .pipe(
    z
      .email({ pattern: z.regexes.html5Email, error: 'must be an e-mail address.' })
      .max(254, 'must be at most 254 characters long.'),
  )

/** An id that may be left out. Its form is checked where it is looked up. */
export const optionalId = z
  .string()
  .nullish()
  .transform(value => value ?? null)

/** The key by which a client can repeat a request; null: none. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters.')
  .nullish()
  .transform(value => value ?? null)

/** For a key outside the input, for example in a header. */
export const IdempotencyKeyInput = z.object({ idempotencyKey })
