import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import { maxDirectivesRule } from '@escape.tech/graphql-armor-max-directives'
import type { GraphQLError, ValidationRule } from 'graphql'
import { refusal } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import { errorOf } from './errors.ts'

/** The limits of a document's text. They need no variables. */
export type DocumentLimits = Pick<
  Limits,
  'maxDocumentCharacters' | 'maxTokens' | 'maxDepth' | 'maxAliases' | 'maxDirectives'
>

/** Throws instead of collecting errors, so that a document over a limit costs no further validation. */
const onReject = [
  (_context: unknown, { message }: GraphQLError) => {
    throw limitExceeded(message)
  },
]

/**
 * The limits of a document, checked before it is validated. A page of the inbox with everything nested is about 10
 * deep. `__schema` does not count for the depth. Validation with these rules throws LIMIT_EXCEEDED for a document beyond
 * a limit.
 */
export const limitRules = ({ maxDepth, maxAliases, maxDirectives }: DocumentLimits): ValidationRule[] => [
  maxDepthRule({ n: maxDepth, flattenFragments: true, onReject }),
  maxAliasesRule({ n: maxAliases, onReject }),
  maxDirectivesRule({ n: maxDirectives, onReject }),
]

/** @throws GraphQLError LIMIT_EXCEEDED for a text that is not worth parsing */
export function requireShort(text: string, { maxDocumentCharacters }: DocumentLimits): void {
  if (text.length > maxDocumentCharacters)
    throw limitExceeded(`A document may have ${maxDocumentCharacters} characters. Give values as variables.`)
}

/** Whether the parser stopped at its limit. Only the message tells this syntax error from others. */
export function isTooManyTokens({ message }: GraphQLError): boolean {
  return /^Syntax Error: Document contains more tha[nt] \d+ tokens/.test(message)
}

/** The error for a document over a limit, with the library's message without its prefix. */
export function limitExceeded(message: string): GraphQLError {
  return errorOf(refusal('LIMIT_EXCEEDED', message.replace('Syntax Error: ', '')))
}
