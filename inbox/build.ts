// Builds the page into dist/inbox, in a folder that is named by a hash of everything it is made of. A page that has been
// built is found there, so that a start builds only what has changed.
import { execFile, execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = join(import.meta.dirname, '..')
const built = join(root, 'dist/inbox')
const generated = join(root, 'inbox/src/__generated__')
const keptMs = 7 * 24 * 60 * 60 * 1_000

if (import.meta.main) {
  // Relay's plugin looks for its configuration in the working directory.
  process.chdir(import.meta.dirname)
  await bundle()
}

/** The folder of the page; null if it has to be built, or was built from other sources. */
export function builtPage(): string | null {
  const folder = join(built, hashOfSources())
  return existsSync(folder) ? folder : null
}

/** Builds the page unless that has been done, in a process of its own. It needs the development packages. */
export async function buildPage(): Promise<string | null> {
  const folder = builtPage()
  if (folder !== null || !existsSync(join(root, 'node_modules/vite'))) return folder
  await promisify(execFile)(process.execPath, [import.meta.filename])
  return builtPage()
}

async function bundle(): Promise<void> {
  compileDocuments()
  const hashed = hashOfSources()
  const folder = join(built, hashed)
  // Processes that start at the same time each build, and the first one to end wins.
  const own = join(built, `.${process.pid}`)
  const { build } = await import('vite')
  await build({ logLevel: 'warn', build: { outDir: own } })
  compress(own)
  if (hashOfSources() !== hashed) throw new Error('A source of the page was changed while it was built.')
  if (existsSync(folder)) rmSync(own, { recursive: true })
  else renameSync(own, folder)
  removeOld()
}

/** Removes what was built long ago. A gateway that is running may still serve the page of an earlier build. */
function removeOld(): void {
  const old = readdirSync(built).map(name => join(built, name))
  for (const folder of old)
    if (Date.now() - statSync(folder).mtimeMs > keptMs) rmSync(folder, { recursive: true, force: true })
}

/** Writes the types and texts of the page's documents. */
function compileDocuments(): void {
  mkdirSync(generated, { recursive: true })
  execFileSync(process.execPath, [join(root, 'node_modules/relay-compiler/cli.js'), 'relay.config.json'], {
    cwd: join(root, 'inbox'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function hashOfSources(): string {
  const files = globSync('inbox/**/*', { cwd: root, withFileTypes: true })
    .filter(file => file.isFile() && !file.parentPath.startsWith(generated))
    .map(file => join(file.parentPath, file.name))
  const others = ['schema.graphql', 'package-lock.json'].map(name => join(root, name))
  const contents = [...files.sort(), ...others].map(
    path => `${path.slice(root.length)}\n${readFileSync(path, 'utf8')}`,
  )
  return hash('sha256', contents.join('\n')).slice(0, 16)
}

/** Writes each text compressed beside it, so that no answer is compressed twice. */
function compress(folder: string): void {
  for (const name of globSync('**/*.{html,js,css,svg}', { cwd: folder })) {
    const text = readFileSync(join(folder, name))
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length }
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text, { params }))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 9 }))
  }
}
