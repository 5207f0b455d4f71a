// Fails if a dependency that runs in production has a known vulnerability of high severity. A registry that does not
// answer audits fails nothing, and is told.
import { spawnSync } from 'node:child_process'

/** What npm prints is no JSON if it fails itself. */
function reportOf(text: string): Report {
  try {
    return JSON.parse(text) as Report
  } catch {
    return { message: text }
  }
}

type Report = { error?: unknown; message?: string; metadata?: { vulnerabilities: Record<string, number> } }

const { stdout } = spawnSync(
  'npm',
  ['audit', '--omit=dev', '--json', '--fetch-retries=0', '--fetch-timeout=20000'],
  { encoding: 'utf8' },
)
const { message, metadata } = reportOf(stdout)
if (!metadata) {
  console.log(`npm audit was not answered: ${message ?? 'no report'}`)
} else {
  const { high = 0, critical = 0 } = metadata.vulnerabilities
  console.log(`npm audit: ${high} high, ${critical} critical`)
  process.exitCode = high + critical > 0 ? 1 : 0
}
