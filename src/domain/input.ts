import { z } from 'zod'
import { Refusal } from './errors.ts'

/** Input as the operation wants it. @throws Refusal INVALID_INPUT with every field at fault. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(input)
  if (success) return data
  const [first, ...others] = error.issues.map(issue => {
    const path = issue.path.map(String)
    return { message: `${path.at(-1) ?? 'The input'} ${issue.message}`, path }
  })
  throw first ? new Refusal('INVALID_INPUT', first, ...others) : error
}

/** Text that PostgreSQL can hold: no NUL character, no half of a surrogate pair. */
const text = z
  .string('must be text.')
  .refine(
    value => !value.includes('\0') && value.isWellFormed(),
    'must not contain NUL or broken characters.',
  )

const within = (limit: number) => (value: string) => value.length <= limit || [...value].length <= limit

/** What a person wrote: kept as it is, of at most so many code points, and not only white space. */
export const prose = (limit: number) =>
  text
    .refine(value => value.trim() !== '', 'must not be empty.')
    .refine(within(limit), `must be at most ${limit.toLocaleString('en')} characters long.`)

/** A single line, trimmed; null when nothing is left of it. Line breaks are refused, as they forge mail headers. */
export const line = (limit: number) =>
  text
    .transform(value => value.trim())
    .refine(value => !/\p{Cc}/u.test(value), 'must be a single line without control characters.')
    .refine(within(limit), `must be at most ${limit.toLocaleString('en')} characters long.`)
    .nullish()
    .transform(value => value || null)

/** One e-mail address, trimmed; 254 characters is what SMTP can carry (RFC 5321, 4.5.3.1.3). */
export const address = text
  .transform(value => value.trim())
  .pipe(
    z
      .email({ pattern: z.regexes.html5Email, error: 'must be an e-mail address.' })
      .max(254, 'must be at most 254 characters long.'),
  )

/** An id that may be left out; whether it is one is seen where it is looked up. */
export const optionalId = z
  .string()
  .nullish()
  .transform(value => value ?? null)

/** What a caller names a request by, to be able to repeat it; null: it is not to be repeated. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters.')
  .nullish()
  .transform(value => value ?? null)

/** The name of a request that is no input itself. */
export const RequestName = z.object({ idempotencyKey })
