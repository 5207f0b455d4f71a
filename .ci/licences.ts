// Checks that every dependency has a permissive licence, and that docs/licences.md lists them; --write writes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = 'docs/licences.md'

/** SPDX identifiers of the licences that ask for no more than a notice. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
])

/**
 * What development packages may have besides. The page contains some of them, which are permissive, and a font, which may
 * be a part of any software (OFL-1.1).
 */
const inDevelopment = new Set([...permissive, 'CC-BY-4.0', 'MPL-2.0', 'OFL-1.1'])

type Entry = { version: string; license?: string; dev?: boolean; link?: boolean }
type Dependency = { name: string; version: string; licence: string; isDevelopment: boolean }

/** Whether an SPDX expression leaves a choice of these licences. One with both AND and OR is left to a person. */
function isAmong(expression: string, allowed: Set<string>): boolean {
  const terms = expression.replace(/[()]/g, '')
  if (terms.includes(' AND ') && terms.includes(' OR ')) return false
  if (terms.includes(' AND ')) return terms.split(' AND ').every(term => allowed.has(term))
  return terms.split(' OR ').some(term => allowed.has(term))
}

/** The licence that the installed package states; of a package for another platform, what the lock file states. */
function licenceOf(path: string, entry: Entry): string {
  const manifest = `${path}/package.json`
  const stated = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { license?: unknown }).license
    : entry.license
  return typeof stated === 'string' ? stated : licenceInText(`${path}/LICENSE`)
}

/** A package that states no licence may have the text of one. */
function licenceInText(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return /^\s*Apache License\s+Version 2\.0/.test(text) ? 'Apache-2.0' : 'none'
}

function dependencies(): Dependency[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, Entry>
  }
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .map(([path, entry]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version,
      licence: licenceOf(path, entry),
      isDevelopment: entry.dev === true,
    }))
}

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

const inOrder = (values: Iterable<string>) => [...new Set(values)].sort()

function licenceList(all: Dependency[]): string {
  const production = all.filter(({ isDevelopment }) => !isDevelopment)
  const development = all.filter(({ isDevelopment }) => isDevelopment)
  const rows = inOrder(production.map(({ name, version, licence }) => `${name} ${version} ${licence}`))
  const counts = inOrder(development.map(({ licence }) => licence)).map(licence => {
    const names = inOrder(development.filter(each => each.licence === licence).map(({ name }) => name))
    return [licence, String(names.length), isAmong(licence, permissive) ? '' : names.join(', ')]
  })
  return `# Licences

Written by \`node .ci/licences.ts --write\` from \`package-lock.json\` and the installed packages. \`npm run check\` fails when it is out of date, or when a licence is not permissive.

## What runs in production

${table(
  ['package', 'version', 'licence'],
  rows.map(row => /^(\S+) (\S+) (.+)$/.exec(row)?.slice(1) ?? []),
)}

## What is used in development

Packages by licence, those for other platforms included. Those with a licence that is not permissive are named. The page at \`/\` contains some of them; \`assets/licences.md\` beside its scripts has their notices.

${table(['licence', 'packages', 'names'], counts)}
`
}

const all = dependencies()
const problems = all
  .filter(({ licence, isDevelopment }) => !isAmong(licence, isDevelopment ? inDevelopment : permissive))
  .map(({ name, version, licence }) => `${name} ${version} has the licence ${licence}.`)
const written = licenceList(all)
if (process.argv.includes('--write')) writeFileSync(file, written)
else if (!existsSync(file) || readFileSync(file, 'utf8') !== written)
  problems.push(`${file} is out of date: run node .ci/licences.ts --write.`)
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exitCode = 1
}
