// Checks the OpenAPI document as its readers do: the linters of Redocly and Spectral, a typed client that is made from it,
// compiled and run, and the REST suite through Prism, which compares each response with the document. The two walks with
// the ids of another workspace send too much for a proxy, and stay out.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const here = import.meta.dirname
const root = join(here, '../..')
const tool = (name: string) => join(here, 'node_modules/.bin', name)
const run = (command: string, args: string[], cwd = here, env: NodeJS.ProcessEnv = {}) => {
  console.info(`$ ${[command, ...args].join(' ').replaceAll(`${root}/`, '')}`)
  execFileSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...env, REDOCLY_TELEMETRY: 'off' },
  })
}

const directory = mkdtempSync(join(tmpdir(), 'gateway-openapi-'))
const generated = join(here, 'generated')
const key = 'openapi-demo-key'
const gateway = spawn(process.execPath, ['src/main.ts'], {
  cwd: root,
  env: {
    ...process.env,
    PORT: '0',
    DATA_DIR: directory,
    DEMO_API_KEY: key,
    DEMO_TRAFFIC: '0',
    LOG_LEVEL: 'warn',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const url = await ready()
  const answer = await fetch(`${url}/v1/openapi.json`)
  mkdirSync(generated, { recursive: true })
  const document = join(generated, 'openapi.json')
  writeFileSync(document, JSON.stringify(await answer.json(), null, 2))

  run(tool('redocly'), ['lint', '--extends', 'recommended', '--max-problems', '100', document])
  run(tool('spectral'), [
    'lint',
    '--ruleset',
    join(here, 'spectral.yaml'),
    '--fail-severity',
    'hint',
    document,
  ])
  run(tool('openapi-typescript'), [document, '--output', join(generated, 'api.d.ts')])
  const strict = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck']
  run(tool('tsc'), [
    ...strict,
    '--allowImportingTsExtensions',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    'client.ts',
  ])
  run(process.execPath, ['client.ts', url, key])
} finally {
  gateway.kill('SIGTERM')
  rmSync(directory, { recursive: true, force: true })
}
const suite = ['documentation', 'etag', 'inbox-list', 'input', 'openapi'].map(
  name => `test/rest/${name}.test.ts`,
)
run(join(root, 'node_modules/.bin/vitest'), ['run', '--project', 'pglite', ...suite], root, {
  PRISM: tool('prism'),
})

/** The address of the gateway, once it is ready. */
async function ready(): Promise<string> {
  for await (const text of createInterface({ input: gateway.stdout })) {
    const line = JSON.parse(text) as { msg: string; url: string }
    if (line.msg !== 'ready') continue
    gateway.stdout.resume()
    return line.url
  }
  throw new Error('The gateway has ended before it was ready.')
}
