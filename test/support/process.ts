import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Program, run, type Start } from './program.ts'

type Line = { msg: string; url?: string; key?: string; inbox?: string }

/** A gateway as a process of its own, as an operator starts it. */
export type Running = {
  url: string
  child: Program
  lines: Line[]
  /** Ends it in order, and returns its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the gateway with this environment and waits until it is ready. @throws Error with its output when it ends */
export async function startProcess(start: Start, environment: Record<string, string>): Promise<Running> {
  const child = start(['src/main.ts'], { PORT: '0', DEMO_TRAFFIC: '0', ...environment })
  const lines: Line[] = []
  const exited = once(child, 'exit')
  // Read whether anybody looks at it or not: a full pipe would stop the gateway.
  let errors = ''
  child.stderr.on('data', chunk => {
    errors = `${errors}${chunk}`.slice(-10_000)
  })
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line
    lines.push(line)
    if (line.msg !== 'ready' || !line.url) continue
    // What a gateway logs as an error is for those who read the test's output.
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
  throw new Error([...lines.map(line => line.msg), errors].join('\n'))
}

/** Runs a set-up command, as `npm run -s NAME -- ARGS` does. */
export const command = (start: Start, args: string[], environment: Record<string, string>) =>
  run(start, ['src/cli.ts', ...args], environment)
