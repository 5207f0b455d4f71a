import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** From which rooms a room may import, itself aside; files directly under src know everything. */
const allowed: Record<string, string[]> = {
  runtime: [],
  db: ['runtime'],
  domain: ['runtime', 'db'],
  auth: ['runtime', 'db', 'domain'],
  live: ['runtime', 'db', 'domain'],
  jobs: ['runtime', 'db', 'domain'],
  http: ['runtime', 'db', 'domain'],
  mail: ['runtime', 'domain', 'http'],
  'graphql/schema': ['runtime', 'db', 'domain', 'live', 'mail'],
  'graphql/execution': ['runtime', 'db', 'domain', 'live', 'http', 'graphql/schema'],
  'graphql/transport': ['runtime', 'domain', 'live', 'http', 'graphql/schema', 'graphql/execution'],
  rest: ['domain', 'http', 'graphql/transport'],
  demo: ['runtime', 'db', 'domain', 'http'],
}

/** What a room may import of another one, where that is not all of it. */
const narrow: Record<string, string[]> = {
  'auth → db': ['db/db.ts'],
  'jobs → db': ['db/db.ts'],
  'live → db': ['db/db.ts', 'db/notifications.ts', 'db/share.ts', 'db/when-available.ts'],
  'http → db': ['db/db.ts', 'db/reachable.ts', 'db/share.ts'],
  'graphql/execution → db': ['db/db.ts', 'db/unavailable.ts', 'db/when-available.ts'],
  'graphql/schema → db': ['db/db.ts', 'db/share.ts', 'db/trace-statement.ts'],
  'rest → domain': ['domain/errors.ts', 'domain/operation.ts'],
  'rest → graphql/transport': ['graphql/transport/in-process.ts'],
  'http → domain': ['domain/errors.ts', 'domain/operation.ts'],
}

function roomOf(file: string): string {
  const [first = '', second = '', ...others] = file.split('/')
  if (second === '') return 'src'
  return first === 'graphql' && others.length > 0 ? `${first}/${second}` : first
}

const files = globSync('src/**/*.ts').map(path => relative('src', path))

const imports = files.flatMap(from => {
  const specifiers = [
    ...readFileSync(join('src', from), 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g),
  ]
  return specifiers.map(([, specifier = '']) => ({ from, to: join(dirname(from), specifier) }))
})

test('every file has a room that the table knows', () => {
  expect(files.map(roomOf).filter(room => room !== 'src' && !(room in allowed))).toEqual([])
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

test('no two files, and no two folders of nouns, import each other in a circle', () => {
  const folders = imports
    .map(({ from, to }) => ({ from: dirname(from), to: dirname(to) }))
    .filter(({ from, to }) => from !== to && from.startsWith('domain/') && to.startsWith('domain/'))
  expect(circlesIn(imports)).toEqual([])
  expect(circlesIn(folders)).toEqual([])
})

/** The circles of a graph, each as the nodes on the way. */
function circlesIn(edges: { from: string; to: string }[]): string[][] {
  const targets = Map.groupBy(edges, ({ from }) => from)
  const done = new Set<string>()
  const circles: string[][] = []
  const visit = (node: string, way: string[]): void => {
    const begin = way.indexOf(node)
    if (begin >= 0) circles.push([...way.slice(begin), node])
    if (begin >= 0 || done.has(node)) return
    for (const { to } of targets.get(node) ?? []) visit(to, [...way, node])
    done.add(node)
  }
  for (const node of targets.keys()) visit(node, [])
  return circles
}

test('only the start and the commands read the environment', () => {
  const readers = files.filter(file => readFileSync(join('src', file), 'utf8').includes('process.env'))
  expect(readers.sort()).toEqual(['cli.ts', 'ingest.ts', 'start.ts'])
})

test('only the database room and the domain write SQL', () => {
  const writers = files.filter(file =>
    /\.(selectFrom|insertInto|updateTable|deleteFrom)\(|sql[<`]/.test(
      readFileSync(join('src', file), 'utf8'),
    ),
  )
  expect(writers.map(roomOf).filter(room => !['db', 'domain', 'demo'].includes(room))).toEqual([])
})

test('only the execution room calls graphql-js to run a document', () => {
  const callers = files.filter(file => {
    const [, names = ''] =
      /import (?:type )?\{([^}]*)\} from 'graphql'/.exec(readFileSync(join('src', file), 'utf8')) ?? []
    return /\b(execute|executeSync|graphql|subscribe|createSourceEventStream|parse|validate)\b/.test(names)
  })
  const expected = ['execute.ts', 'locations.ts', 'prepare.ts']
  expect(callers.sort()).toEqual(expected.map(file => `graphql/execution/${file}`))
})

test('only one file makes a log, so that no line escapes its redaction', () => {
  const makers = files.filter(file => /\bpino\(/.test(readFileSync(join('src', file), 'utf8')))
  expect(makers).toEqual(['runtime/log.ts'])
})
