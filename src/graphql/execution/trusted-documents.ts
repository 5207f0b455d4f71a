import { readFileSync } from 'node:fs'
import { GraphQLError } from 'graphql'
import { refusal } from '../../domain/errors.ts'
import { schema } from '../schema/schema.ts'
import type { DocumentLimits } from './document-limits.ts'
import { invalidRequest } from './errors.ts'
import { checkDocument } from './prepare.ts'

/** What a request says about its document: the text, or the id of a trusted one. */
export type NamedDocument = { query: string; documentId: DocumentId | null }

/** `isAutomatic`: the client asks first whether the document is known, as Apollo's and urql's links do by themselves. */
export type DocumentId = { id: string; isAutomatic: boolean }

/** The documents that the operator trusts, by their hash. */
export type TrustedDocuments = {
  /**
   * Returns the text to execute. If a request has both a text and an id, the text counts.
   * @throws GraphQLError INVALID_INPUT for an unknown id, PERSISTED_QUERY_NOT_SUPPORTED if it is automatic
   * @throws Refusal FORBIDDEN for a text that is not trusted, if only trusted ones are executed
   */
  textOf(request: NamedDocument): string
}

/**
 * Reads a file of `{ "<hash>": "<document text>" }`, as relay-compiler and graphql-codegen write it.
 * @param path null: there is no file, and no id is known
 * @param only whether nothing else is executed
 * @throws Error that names every problem of the file
 */
export function readTrustedDocuments(
  path: string | null,
  only: boolean,
  limits: DocumentLimits,
): TrustedDocuments {
  const texts = path === null ? new Map<string, string>() : read(path, limits)
  const trusted = new Set(texts.values())
  return {
    textOf({ query, documentId }) {
      if (query === '' && documentId !== null) return texts.get(bareHash(documentId.id)) ?? fail(documentId)
      if (only && !trusted.has(query))
        throw refusal('FORBIDDEN', 'Only trusted documents are executed here. Send the id of one.')
      return query
    },
  }
}

function fail({ id, isAutomatic }: DocumentId): never {
  if (isAutomatic) throw notSupported
  throw invalidRequest(new GraphQLError(`There is no document with the id "${id.slice(0, 200)}".`))
}

/**
 * The links compare this message and this code. They send the text then, and no hash any more (Apollo's protocol of
 * automatic persisted queries).
 */
const notSupported = new GraphQLError('PersistedQueryNotSupported', {
  extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', http: { status: 400 } },
})

/**
 * The id by which a request names its document; null: by none. It is called `documentId` in GraphQL over HTTP's
 * appendix on persisted documents, `id` or `doc_id` by clients of Relay, and `extensions.persistedQuery` by Apollo's.
 */
export function documentIdIn(params: object): DocumentId | null {
  const { documentId, id, doc_id, extensions } = params as Record<string, unknown>
  const persisted = (extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery
  const hash = (persisted as { sha256Hash?: unknown } | null | undefined)?.sha256Hash
  const isId = (value: unknown) => typeof value === 'string' && value !== ''
  const named = [documentId, id, doc_id, persisted].find(isId) as string | undefined
  if (named !== undefined) return { id: named, isAutomatic: false }
  return isId(hash) ? { id: hash as string, isAutomatic: true } : null
}

/** A hash without the name of its algorithm, which some clients put before it: `sha256:…`. */
const bareHash = (id: string) => id.replace(/^(md5|sha1|sha256):/i, '')

function read(path: string, limits: DocumentLimits): Map<string, string> {
  const entries = Object.entries(parsed(path))
  const problems = entries.flatMap(([hash, text]) =>
    problemsOf(text, limits).map(problem => `${hash}: ${problem}`),
  )
  if (problems.length > 0)
    throw new Error(
      `TRUSTED_DOCUMENTS ${path} has documents that cannot be executed.\n${problems.join('\n')}`,
    )
  return new Map(entries.map(([hash, text]) => [bareHash(hash), text as string]))
}

function parsed(path: string): object {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`TRUSTED_DOCUMENTS ${path} cannot be read: ${(error as Error).message}`)
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content
  throw new Error(`TRUSTED_DOCUMENTS ${path} must be an object of hashes and document texts.`)
}

function problemsOf(text: unknown, limits: DocumentLimits): string[] {
  if (typeof text !== 'string') return ['The document must be text.']
  const checked = checkDocument(schema, text, limits)
  return 'errors' in checked ? checked.errors.map(({ message }) => message) : []
}
