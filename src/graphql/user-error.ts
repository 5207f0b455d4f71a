import { explain, type Problem } from '../domain/errors.ts'
import { builder } from './builder.ts'

const codes = ['NOT_FOUND', 'INVALID_INPUT', 'IDEMPOTENCY_MISMATCH'] as const
type UserErrorCode = (typeof codes)[number]

const UserErrorCode = builder.enumType('UserErrorCode', {
  description: 'What a caller can do something about.',
  values: {
    NOT_FOUND: { description: 'An id is unknown, malformed or of another workspace.' },
    INVALID_INPUT: { description: 'A field breaks a rule; `message` says which.' },
    IDEMPOTENCY_MISMATCH: { description: 'The same idempotency key came with other input.' },
  },
})

type UserErrorRow = Problem & { code: UserErrorCode }

const UserError = builder.objectRef<UserErrorRow>('UserError').implement({
  description: 'Why nothing was changed.',
  fields: t => ({
    code: t.expose('code', { type: UserErrorCode, description: 'For programs.' }),
    message: t.exposeString('message', { description: 'For people: one sentence, fit to show.' }),
    path: t.stringList({
      description: 'The input field at fault, e.g. ["input", "email"].',
      resolve: ({ path }) => ['input', ...path],
    }),
  }),
})

/** What every payload carries beside its results; on a refusal all results are null. */
export type Refused = { userErrors: UserErrorRow[] }

/**
 * Answers with the payload of a mutation, or with its `userErrors` when it was refused for a reason the caller can mend.
 * Everything else goes on to the top level.
 */
export async function payload<Result>(mutate: () => Promise<Result>): Promise<Partial<Result> & Refused> {
  try {
    return { ...(await mutate()), userErrors: [] }
  } catch (error) {
    const refusal = explain(error)
    const code = codes.find(known => known === refusal?.code)
    if (!refusal || !code) throw error
    return { userErrors: refusal.problems.map(problem => ({ ...problem, code })) } as Partial<Result> &
      Refused
  }
}

/** The field `userErrors`, the same on every payload. */
export const userErrorsField = (
  t: PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Refused>,
) => t.expose('userErrors', { type: [UserError], description: 'Empty when all went well.' })
