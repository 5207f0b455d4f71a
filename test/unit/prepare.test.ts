import { expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { createPrepare, type Prepare, type PreparedOperation } from '../../src/graphql/execution/prepare.ts'
import { schema } from '../../src/graphql/schema/schema.ts'

function prepared(result: ReturnType<Prepare>): PreparedOperation {
  if ('errors' in result) throw new Error(JSON.stringify(result.errors))
  return result
}

const other = (index: number) => `query Other${index} { viewer { id } }`

test('a document that is used often is prepared once, also among 600 others', () => {
  const { prepare } = createPrepare(schema, readConfig({}).limits)
  const often = '{ workspace { id } }'
  const first = prepared(prepare(often))
  for (let index = 0; index < 600; index++) {
    prepared(prepare(other(index)))
    if (index % 100 === 0) expect(prepared(prepare(often))).toBe(first)
  }
  expect(prepared(prepare(often))).toBe(first)
})

test('an operation is executed without the places of its nodes, which are expensive for many errors', () => {
  const { prepare } = createPrepare(schema, readConfig({}).limits)
  const { document, text } = prepared(prepare('{ viewer { id } }'))
  expect(document.loc).toBeUndefined()
  expect(document.definitions[0]?.loc).toBeUndefined()
  expect(text).toBe('{ viewer { id } }')
})

test('a document that was not used for 500 others is prepared again', () => {
  const { prepare } = createPrepare(schema, readConfig({}).limits)
  const first = prepared(prepare('{ workspace { id } }'))
  for (let index = 0; index < 500; index++) prepare(other(index))
  expect(prepared(prepare('{ workspace { id } }'))).not.toBe(first)
})

test('the errors of a document are not kept: nobody means to send them again', () => {
  const { prepare } = createPrepare(schema, readConfig({}).limits)
  const first = prepare('{ nothing }')
  expect(first).toHaveProperty('errors')
  expect(prepare('{ nothing }')).not.toBe(first)
})

test('each operation of a document is prepared once', () => {
  const { prepare } = createPrepare(schema, readConfig({}).limits)
  const text = 'query A { viewer { id } } query B { workspace { id } }'
  const [a, b] = [prepared(prepare(text, 'A')), prepared(prepare(text, 'B'))]
  expect(a.document).toBe(b.document)
  expect(prepared(prepare(text, 'A'))).toBe(a)
  expect(prepare(text)).toHaveProperty('errors')
})

test('operations with many fields are kept as far as 200,000 fields go, also those of one document', () => {
  const { prepare } = createPrepare(schema, {
    ...readConfig({}).limits,
    maxAliases: 10_000,
    maxTokens: 10_000,
  })
  const parts = Array.from({ length: 50 }, (_, index) => `w${index}: workspace { ...R }`).join(' ')
  const queries = Array.from({ length: 50 }, (_, index) => `query Q${index} { ...P }`).join(' ')
  const counts = Array.from({ length: 90 }, (_, index) => `c${index}: id`).join(' ')
  const text = `${queries} fragment P on Query { ${parts} } fragment R on Workspace { ${counts} }`
  expect(prepared(prepare(text, 'Q0')).plan.size).toBeGreaterThan(4_500)
  const first = prepared(prepare(text, 'Q0'))
  for (let index = 1; index < 50; index++) prepared(prepare(text, `Q${index}`))
  expect(prepared(prepare(text, 'Q49'))).toBe(prepared(prepare(text, 'Q49')))
  expect(prepared(prepare(text, 'Q0'))).not.toBe(first)
})
