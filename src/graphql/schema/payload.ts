import { type ErrorCode, explain, type Problem } from '../../domain/errors.ts'
import { builder, type Fields } from './builder.ts'
import type { Context } from './context.ts'

const userErrorCodes = {
  NOT_FOUND: { description: 'An id is unknown, malformed, of the wrong type or of another workspace.' },
  INVALID_INPUT: { description: 'A field is invalid. `message` gives the reason.' },
  IDEMPOTENCY_MISMATCH: { description: 'The idempotency key was used before with different input.' },
} satisfies Partial<Record<ErrorCode, { description: string }>>

type UserErrorCode = keyof typeof userErrorCodes

const UserErrorCode = builder.enumType('UserErrorCode', {
  description: 'Errors the caller can fix.',
  values: userErrorCodes,
})

export type UserErrorRow = Problem & { code: UserErrorCode }

const UserError = builder.objectRef<UserErrorRow>('UserError').implement({
  description: 'The reason for a refusal. A refused mutation changes nothing.',
  fields: t => ({
    code: t.expose('code', { type: UserErrorCode, description: 'The machine-readable error code.' }),
    message: t.exposeString('message', { description: 'One human-readable sentence.' }),
    path: t.stringList({
      description:
        'The path of the invalid field, e.g. ["input", "email"]. It is ["input"] if no single field is at fault.',
      resolve: ({ path }) => ['input', ...path],
    }),
  }),
})

/** A mutation's result with its errors: on refusal there is no result. */
export type Payload<Result> = Partial<Result> & { userErrors: UserErrorRow[] }

/**
 * Returns the payload of a mutation. On a refusal that the caller can fix, it has only `userErrors`. Every other error
 * is thrown and appears at the top level.
 * @param changed how many changes it counts as
 * @throws Refusal RATE_LIMITED when the workspace has made too many changes; UNAUTHENTICATED when the key has ended
 */
export async function payloadOf<Result extends object>(
  { changes, confirm, actor, refusals }: Context,
  mutate: () => Promise<Result>,
  changed = 1,
): Promise<Payload<Result>> {
  // Actors are remembered, and sockets stay open. A key that has just ended changes nothing more.
  await confirm(actor)
  await changes.spend(actor.workspaceId, changed)
  try {
    return { ...(await mutate()), userErrors: [] }
  } catch (error) {
    const refusal = explain(error)
    if (!refusal || !isUserErrorCode(refusal.code)) throw error
    const { code } = refusal
    refusals.push(code)
    const userErrors = refusal.problems.map(problem => ({ ...problem, code }))
    return { userErrors } as Payload<Result>
  }
}

const isUserErrorCode = (code: ErrorCode): code is UserErrorCode => code in userErrorCodes

/** The field `userErrors`, the same on every payload. */
export const userErrorsField = (t: Fields<{ userErrors: UserErrorRow[] }>) =>
  t.expose('userErrors', {
    type: [UserError],
    description: 'Why the mutation was refused. Empty on success.',
  })

/**
 * The field `cursor` of a payload.
 * @param repeatedBy the input field that makes a request safe to repeat; left out: there is none
 */
export const cursorField = (t: Fields<{ cursor?: string | null }>, repeatedBy?: string) =>
  t.field({
    type: 'EventCursor',
    nullable: true,
    description: `The position of the last event that this change recorded. A subscription \`after\` it skips the change itself; later delivery outcomes still arrive.
Null after a no-op and on refusal.${repeatedBy ? ` A request that is repeated by \`${repeatedBy}\` returns the original cursor.` : ''}`,
    resolve: ({ cursor }) => cursor,
  })
