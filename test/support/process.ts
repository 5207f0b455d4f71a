import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

type Line = { msg: string; url?: string; key?: string }

/** A gateway as a process of its own, as an operator starts it. */
export type Running = {
  url: string
  child: ChildProcess
  lines: Line[]
  /** Ends it in order, and answers its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the gateway with this environment and waits until it is ready. @throws Error with its output when it ends */
export async function startProcess(environment: Record<string, string>): Promise<Running> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  const exited = once(child, 'exit')
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line
    lines.push(line)
    if (line.msg !== 'ready' || !line.url) continue
    // What a gateway logs as an error is for whoever reads the test's output.
    child.stdout.on('data', chunk => String(chunk).includes('"level":50') && process.stderr.write(chunk))
    return {
      url: line.url,
      child,
      lines,
      async end(signal = 'SIGTERM') {
        child.kill(signal)
        const [code] = await exited
        return code
      },
    }
  }
  throw new Error(lines.map(line => line.msg).join('\n'))
}

/** Runs one of the project's programs to its end. */
async function run(file: string, args: string[], environment: Record<string, string>) {
  const child = spawn(process.execPath, [file, ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
  })
  const text = async (stream: AsyncIterable<Buffer>) =>
    Buffer.concat(await Array.fromAsync(stream))
      .toString()
      .trim()
  const [output, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { output, error, code: code as number | null }
}

/** Runs a set-up command, as `npm run -s NAME -- ARGS` does. */
export const command = (args: string[], environment: Record<string, string>) =>
  run('src/cli.ts', args, environment)
