import { buffer } from 'node:stream/consumers'
import { parseArgs } from 'node:util'

const usage = `Usage: API_KEY=… npm run -s ingest -- --workspace wrk_… [--url http://127.0.0.1:4000] < message.eml

Without --url it is handed to HOST and PORT, as the gateway reads them.

Hands a mail to the gateway, as a pipe of a mail server does. Ends with 0 when it was taken, with 65 when the mail is at
fault and is to be bounced, and with 75, which tells the mail server to keep it and try again, in every other case.`

/** The exit codes that a mail server understands (sysexits.h). With a wrong key or address no mail is lost. */
const exit = { refused: 65, later: 75 } as const

process.exitCode = await ingest()

async function ingest(): Promise<number> {
  const options = { workspace: { type: 'string' }, url: { type: 'string' } } as const
  try {
    const { HOST, PORT } = process.env
    const own = `http://${HOST || '127.0.0.1'}:${PORT || 4000}`
    const { workspace, url = own } = parseArgs({ options }).values
    const key = process.env.API_KEY
    if (!workspace || !key) throw new Error('--workspace and API_KEY must be given.')
    const path = `/v1/workspaces/${encodeURIComponent(workspace)}/support/inbox/inbound-emails`
    return await hand(new URL(path, url), key, new Uint8Array(await buffer(process.stdin)))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return exit.later
  }
}

async function hand(url: URL, key: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'message/rfc822' }
  try {
    const signal = AbortSignal.timeout(120_000)
    // Following a redirect could turn the mail into a GET.
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    return understand(await answer.text())
  } catch (error) {
    console.error(`${url.origin} cannot be reached: ${error instanceof Error ? error.message : error}`)
    return exit.later
  }
}

/** Only the gateway's own response counts. Any other server at the address has not taken the mail. */
function understand(answer: string): number {
  const { message, statusCode } = parsed(answer)
  if (typeof message === 'object' && message?.id) {
    console.log(answer)
    return 0
  }
  console.error(answer)
  return statusCode === 400 || statusCode === 413 ? exit.refused : exit.later
}

type Answer = { message?: { id?: string } | string | null; statusCode?: number }

function parsed(text: string): Answer {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
