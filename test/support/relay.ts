import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const compiler = createRequire(import.meta.url)('relay-compiler') as string
const configuration = {
  src: './src',
  schema: './schema.graphql',
  artifactDirectory: './artifacts',
  language: 'javascript',
  // The artifacts are loaded as CommonJS modules.
  eagerEsModules: false,
}
const compilerTimeoutMs = 120_000

/** Compiles documents against the printed schema with Relay's own compiler, and returns the artifacts by name. */
export async function compileForRelay(documents: readonly string[]): Promise<Map<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-relay-'))
  try {
    mkdirSync(join(directory, 'src'))
    mkdirSync(join(directory, 'artifacts'))
    cpSync('schema.graphql', join(directory, 'schema.graphql'))
    writeFileSync(join(directory, 'package.json'), '{"type":"commonjs"}')
    writeFileSync(join(directory, 'src/walk.js'), documents.map(text => `graphql\`${text}\``).join('\n'))
    writeFileSync(join(directory, 'relay.config.json'), JSON.stringify(configuration))
    // It rejects on any exit code but 0.
    await promisify(execFile)(compiler, ['--noWatchman'], { cwd: directory, timeout: compilerTimeoutMs })
    const load = createRequire(join(directory, 'artifacts/'))
    return new Map(
      readdirSync(join(directory, 'artifacts')).map(name => [
        name.replace('.graphql.js', ''),
        load(join(directory, 'artifacts', name)),
      ]),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
