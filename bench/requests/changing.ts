import { setTimeout as after } from 'node:timers/promises'
import pg from 'pg'
import { workspaces } from './dataset.ts'
import type { Answer } from './load.ts'

/** Changes that are made by another process while a work runs, and what an answer shows of them. */
export type Changing = {
  /** The number of the last change that is committed. */
  committed(): number
  /** The number of the change that an answer shows. */
  shownIn(answer: Answer): number
  stop(): Promise<void>
}

const everyMs = 1_000
const mark = 'Change '
const digits = 9

/**
 * Writes its number into the subject of a conversation of the first page once a second, as the gateway's own changes do:
 * in one transaction with the revision of the workspace. All subjects have the same length.
 */
export async function startChanging(url: string): Promise<Changing> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const stop = new AbortController()
  let committed = 0

  async function change(): Promise<void> {
    const number = committed + 1
    await client.query('begin')
    await client.query(
      `update conversation set subject = $2 where (workspace_id, id) = (
        select workspace_id, id from conversation where workspace_id = $1 and status <> 'ARCHIVED'
        order by last_message_at desc, id desc limit 1)`,
      [workspaces.large, mark + `${number}`.padStart(digits, '0')],
    )
    await client.query('update workspace set revision = revision + 1 where id = $1', [workspaces.large])
    await client.query('commit')
    committed = number
  }

  async function changeUntilStopped(): Promise<void> {
    while (!stop.signal.aborted) {
      await after(everyMs, null, { signal: stop.signal }).catch(() => {})
      if (!stop.signal.aborted) await change()
    }
  }

  await change()
  const running = changeUntilStopped()
  return {
    committed: () => committed,
    shownIn({ chunks }) {
      const [first] = chunks
      const at = first?.indexOf(mark) ?? -1
      // It may be cut by the end of the first chunk.
      const bytes =
        at < 0 || !first || first.length < at + mark.length + digits ? Buffer.concat(chunks) : first
      const start = bytes.indexOf(mark) + mark.length
      return Number(bytes.toString('latin1', start, start + digits))
    },
    async stop() {
      stop.abort()
      await running
      await client.end()
    },
  }
}
