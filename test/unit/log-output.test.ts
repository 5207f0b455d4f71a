import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'

const urlOf = (file: string) => JSON.stringify(new URL(`../../src/runtime/${file}`, import.meta.url).href)
const [log, signals] = [urlOf('log.ts'), urlOf('signals.ts')]

/** Runs a script with a log of its own, in a process of its own. */
function runWithLog(script: string) {
  const text = `const { createLog } = await import(${log}); const log = createLog(); ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const output = createInterface(child.stdout).on('line', line => void lines.push(JSON.parse(line).msg))
  return { child, lines, output }
}

const many = "for (let index = 0; index < 200; index++) log.info('line ' + index);"

test.for([
  ['exits', 'process.exit(1)'],
  ['fails', "throw new Error('for nobody')"],
  ['ends', ''],
])('no line is lost when the process %s', async ([, end]) => {
  const { child, lines, output } = runWithLog(`${many} ${end}`)
  await Promise.all([once(child, 'exit'), once(output, 'close')])
  expect(lines).toEqual(Array.from({ length: 200 }, (_, index) => `line ${index}`))
})

test('a process that goes on writes the lines that it has held', async () => {
  const { lines, output } = runWithLog(`${many} process.stdin.resume()`)
  while (lines.length < 200) await once(output, 'line')
  expect(lines.at(-1)).toBe('line 199')
})

test('a process ends in order when nobody reads its lines any more', async () => {
  const { child, output } = runWithLog(`
    const { endOn } = await import(${signals})
    endOn(['SIGTERM'], { log, close: async () => {}, timeoutMs: 60_000 })
    process.stdin.resume()
    log.info('ready')`)
  await once(output, 'line')
  child.stdout.destroy()
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
