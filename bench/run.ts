// npm run bench
//
// The gateway beside its peers on the same work: every answer compared, then all in turns, on one database.
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../test/support/postgres.ts'
import { postmasterOf } from './requests/cpu.ts'
import { verdict } from './requests/goals.ts'
import { connections } from './requests/load.ts'
import { prepareDatabase } from './requests/prepare.ts'
import { settingOf, turnSettings } from './requests/settings.ts'
import { tableOf } from './requests/table.ts'
import { measure, type Results } from './requests/turns.ts'
import { worksOn } from './requests/works.ts'

const conversations = settingOf('CONVERSATIONS', 300_000)
const { turns, turnMs, warmUpMs } = turnSettings()

const given = process.env.DATABASE_URL
const postgres = given ? null : await startPostgres()
const databaseUrl = given ?? postgres?.url('postgres') ?? ''
const directory = mkdtempSync(join(tmpdir(), 'gateway-bench-'))

// An interrupted run leaves no server behind: they are killed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

try {
  const begun = performance.now()
  await prepareDatabase(databaseUrl, conversations)
  const filledSeconds = ((performance.now() - begun) / 1_000).toFixed(0)
  const works = await worksOn(databaseUrl)
  const chosen = process.env.WORKS?.split(',') ?? Object.keys(works)
  const settings = {
    databaseUrl,
    directory,
    turns,
    turnMs,
    warmUpMs,
    postmaster: await postmasterOf(databaseUrl),
  }
  const processors = cpus()
  console.log(
    `${conversations} conversations, filled in ${filledSeconds} s. ${connections} connections; medians of ${turns} turns of ` +
      `${turnMs / 1_000} s. Node ${process.versions.node}, ${processors.length} × ${processors[0]?.model ?? '?'}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB.\n`,
  )
  const results = new Map<string, Results>()
  for (const letter of chosen) {
    const work = works[letter]
    if (!work) throw new Error(`There is no work ${letter}. There are ${Object.keys(works).join(', ')}.`)
    const figures = await measure(work, settings)
    results.set(letter, figures)
    console.log(tableOf(letter, work, figures))
  }
  console.log(verdict(results))
} finally {
  await postgres?.stop()
  rmSync(directory, { recursive: true, force: true })
}
