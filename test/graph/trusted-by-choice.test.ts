import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { readTrustedDocuments } from '../../src/graphql/execution/trusted-documents.ts'
import { test as base, startedWith } from '../support/fixtures.ts'

const path = 'test/graph/trusted-documents/graphql-codegen.json'
const id = 'dd7cd89a19b20f2174cb4814b5dcbf91837c8e50'

const test = startedWith(base, { trusted: readTrustedDocuments(path, false, readConfig({}).limits) })

test('documents of graphql-codegen are executed by their hash, and others by their text', async ({
  acme,
}) => {
  const { url, authorization } = acme.client
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ documentId: `sha1:${id}` }),
  })
  expect(await response.json()).toEqual({ data: { workspace: { __typename: 'Workspace', name: 'Acme' } } })
  expect((await acme.client.graphql('{ workspace { id } }')).data).toEqual({ workspace: { id: acme.id } })
})

test('the links of Apollo and urql send the text once they hear that their hash is not known', async ({
  acme,
}) => {
  const { url, authorization } = acme.client
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } }
  const expected = {
    errors: [
      { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
    ],
  }
  const headers = { 'content-type': 'application/json', authorization }
  const post = (body: object) =>
    fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
  const posted = await post({ variables: {}, extensions })
  expect([posted.status, await posted.json()]).toEqual([400, expected])
  const query = new URLSearchParams({ extensions: JSON.stringify(extensions) })
  const got = await fetch(`${url}/graphql?${query}`, { headers })
  expect([got.status, await got.json()]).toEqual([400, expected])
  const withText = await post({ query: '{ workspace { id } }', extensions })
  expect([withText.status, await withText.json()]).toEqual([200, { data: { workspace: { id: acme.id } } }])
})

test.for<[string, string | null, RegExp]>([
  ['is missing', null, /^TRUSTED_DOCUMENTS .* cannot be read: ENOENT/],
  ['is not JSON', '{', /^TRUSTED_DOCUMENTS .* cannot be read: .*JSON/],
  ['is not an object', '[]', /^TRUSTED_DOCUMENTS .* must be an object of hashes and document texts\.$/],
  [
    'has documents that do not fit',
    JSON.stringify({ good: '{ workspace { id } }', bad: '{ nothing }', worse: 5, broken: '{' }),
    /documents that cannot be executed\.\nbad: Cannot query field "nothing".*\nworse: The document must be text\.\nbroken: Syntax Error/,
  ],
])('a file that %s is refused', ([_, content, message], { onTestFinished }) => {
  const directory = mkdtempSync(join(tmpdir(), 'documents-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'documents.json')
  if (content !== null) writeFileSync(file, content)
  expect(() => readTrustedDocuments(file, true, readConfig({}).limits)).toThrow(message)
})
