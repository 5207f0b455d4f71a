import { GraphQLError } from 'graphql'

const refused = (code: string, message: string) => new GraphQLError(message, { extensions: { code } })

/** Each frame of an operation repeats its id. */
export const maxIdCharacters = 256

export const idTooLong = refused(
  'LIMIT_EXCEEDED',
  `An operation's id may have ${maxIdCharacters} characters.`,
)

export const tooManyOperations = (limit: number) =>
  refused('LIMIT_EXCEEDED', `A socket may have ${limit} operations at once.`)

export const stillOpening = (id: string) =>
  refused('INVALID_INPUT', `The operation ${id} is still being opened: another one needs an id of its own.`)
