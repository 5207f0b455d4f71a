import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { test } from '../support/fixtures.ts'

/** The names of metrics in the expressions of a file. */
function namesIn(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [
    ...new Set([...text.matchAll(/\b(?:gateway|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name)),
  ].sort()
}

test.for(['operations/alerts.yaml', 'operations/grafana-dashboard.json'])(
  'every metric of %s exists',
  async (path, { gateway, acme }) => {
    await acme.client.graphql('{ workspace { id } }')
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    const known = new Set([...metrics.matchAll(/^(?:# TYPE )?([a-z0-9_]+)/gm)].map(([, name = '']) => name))
    const names = namesIn(path)
    expect(names.length).toBeGreaterThan(3)
    expect(names.filter(name => !known.has(name))).toEqual([])
  },
)
