import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A proxy that compares each response of a gateway with its OpenAPI document. */
export type Prism = {
  url: string
  /** Ends it. @throws Error that names every response that the document does not allow */
  close(): Promise<void>
}

/** Starts Prism in front of a gateway. What it finds wrong with requests is meant: tests send wrong ones on purpose. */
export async function startPrism(program: string, gateway: string): Promise<Prism> {
  const prism = spawn(
    process.execPath,
    [program, 'proxy', `${gateway}/v1/openapi.json`, gateway, '--port', '0'],
    {
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise(resolve => prism.once('exit', resolve))
  const violations: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    prism.once('exit', () => reject(new Error('Prism has ended before it was listening.')))
    createInterface({ input: prism.stdout }).on('line', line => {
      const [listening] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
      if (listening && line.includes('listening')) resolve(listening)
      if (/violation: response/i.test(line)) violations.push(line)
    })
  })
  return {
    url,
    async close() {
      prism.kill()
      await ended
      if (violations.length > 0) throw new Error(violations.join('\n'))
    },
  }
}
