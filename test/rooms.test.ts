import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** From which rooms a room may import, itself included; files directly under src know everything. */
const allowed: Record<string, string[]> = {
  db: [],
  domain: ['db'],
  live: ['db', 'domain'],
  mail: ['domain'],
  graphql: ['db', 'domain', 'live', 'mail'],
  rest: ['domain', 'graphql'],
  demo: ['db', 'domain'],
}

/** What a room may import of another one, where that is not all of it. */
const narrow: Record<string, string[]> = {
  'rest → domain': ['domain/errors.ts', 'domain/operation.ts'],
  'rest → graphql': ['graphql/ask.ts', 'graphql/body-error.ts'],
  'graphql → db': ['db/db.ts', 'db/unavailable.ts'],
  'live → db': ['db/db.ts', 'db/channel.ts', 'db/unavailable.ts'],
}

const roomOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : 'src')

const imports = globSync('src/**/*.ts').flatMap(path => {
  const from = relative('src', path)
  const specifiers = [...readFileSync(path, 'utf8').matchAll(/(?:from|import)\s+\(?'(\.[^']+)'/g)]
  return specifiers.map(([, specifier = '']) => ({
    from,
    to: relative('src', join(dirname(path), specifier)),
  }))
})

test('imports only go down', () => {
  const upward = imports.filter(({ from, to }) => {
    const [here, there] = [roomOf(from), roomOf(to)]
    return here !== 'src' && here !== there && !allowed[here]?.includes(there)
  })
  expect(imports.length).toBeGreaterThan(100)
  expect(upward).toEqual([])
})

test('rooms show one another only what they mean to', () => {
  const tooFar = imports.filter(({ from, to }) => {
    const shown = narrow[`${roomOf(from)} → ${roomOf(to)}`]
    return shown && !shown.includes(to)
  })
  expect(tooFar).toEqual([])
})

test('only main and the commands read the environment', () => {
  const readers = globSync('src/**/*.ts').filter(path => readFileSync(path, 'utf8').includes('process.env'))
  expect(readers.sort()).toEqual(['src/cli.ts', 'src/ingest.ts', 'src/main.ts'])
})

test('only the database room and the domain write SQL', () => {
  const writers = globSync('src/**/*.ts').filter(path =>
    /\.(selectFrom|insertInto|updateTable|deleteFrom)\(|sql[<`]/.test(readFileSync(path, 'utf8')),
  )
  expect(
    writers
      .map(path => roomOf(relative('src', path)))
      .filter(room => !['db', 'domain', 'demo'].includes(room)),
  ).toEqual(['src'])
})
