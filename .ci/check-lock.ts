// Checks package-lock.json: every package has an integrity, none names the address of a registry, and `npm install`
// leaves the file as it is. The last check needs the registry, and runs with --install.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Package = { integrity?: string; resolved?: string; link?: boolean }

const lock = readFileSync('package-lock.json', 'utf8')
const { '': _, ...packages } = (JSON.parse(lock) as { packages: Record<string, Package> }).packages
const problems = Object.entries(packages)
  // A link leads to a folder of this repository, which has no integrity of its own; what that depends on has one.
  .filter(([path, { link }]) => !link && path.includes('node_modules/'))
  .flatMap(([path, { integrity, resolved }]) => [
    ...(integrity ? [] : [`${path} has no integrity.`]),
    ...(resolved ? [`${path} names an address: is .npmrc in force?`] : []),
  ])
if (process.argv.includes('--install') && installed() !== lock)
  problems.push('npm install changes package-lock.json: commit what it writes.')
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exitCode = 1
}

/** The lock file that `npm install` writes, in a directory of its own. */
function installed(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-lock-'))
  try {
    mkdirSync(join(directory, '.ci/node'), { recursive: true })
    for (const file of ['package.json', 'package-lock.json', '.npmrc', '.ci/node/package.json'])
      copyFileSync(file, join(directory, file))
    execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], {
      cwd: directory,
      stdio: 'ignore',
    })
    return readFileSync(join(directory, 'package-lock.json'), 'utf8')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
