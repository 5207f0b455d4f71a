import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'

const urlOf = (file: string) => JSON.stringify(new URL(`../../src/runtime/${file}`, import.meta.url).href)
const [log, logOutput, heldLines] = [urlOf('log.ts'), urlOf('log-output.ts'), urlOf('held-lines.ts')]
const signals = urlOf('signals.ts')

const withLog = (script: string) => `
  const { createLog } = await import(${log})
  const { standardOutput } = await import(${logOutput})
  const { holdLines } = await import(${heldLines})
  const held = holdLines()
  const { endOn } = await import(${signals})
  const log = createLog(standardOutput(held), held)
  ${script}`

/** Runs a script with a log of its own, in a process of its own. */
function runWithLog(script: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', withLog(script)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const output = createInterface(child.stdout).on('line', line => void lines.push(JSON.parse(line).msg))
  return { child, lines, output }
}

const many = (count: number) => `for (let index = 0; index < ${count}; index++) log.info('line ' + index);`
const linesTo = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`)
const untilSignal = (close: string) => `
  endOn(['SIGTERM'], { log, close: ${close}, timeoutMs: 60_000 })
  process.stdin.resume()`

test('a process that goes on writes what it has held', async () => {
  const { lines, output } = runWithLog(`${many(3)} process.stdin.resume()`)
  while (lines.length < 3) await once(output, 'line')
  expect(lines).toEqual(linesTo(3))
})

test('a process that ends by itself has written all its lines, in their order', async () => {
  const { child, lines, output } = runWithLog(many(2_000))
  await Promise.all([once(child, 'exit'), once(output, 'close')])
  expect(lines).toEqual(linesTo(2_000))
})

test('a process that is told to end has written all its lines, in their order', async () => {
  const { child, lines, output } = runWithLog(
    `${untilSignal(`async () => { ${many(2_000)} }`)}; log.info('ready')`,
  )
  await once(output, 'line')
  child.kill('SIGTERM')
  const [ended] = await Promise.all([once(child, 'exit'), once(output, 'close')])
  expect(ended).toEqual([0, null])
  expect(lines).toEqual(['ready', 'closing', ...linesTo(2_000), 'closed'])
})

test('a process that is told to end does so when nobody reads its lines any more', async () => {
  const { child, output } = runWithLog(`${untilSignal('async () => {}')}; log.info('ready')`)
  await once(output, 'line')
  child.stdout.destroy()
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.for([
  ['fails at its start', "log.fatal('no port'); process.exitCode = 1"],
  ['exits at once', "log.error('could not close in time'); process.exit(1)"],
])('a process that %s ends when nobody reads its lines any more', async ([, end]) => {
  const { child, output } = runWithLog(`process.stdin.once('data', () => { ${end} }); log.info('ready')`)
  await once(output, 'line')
  child.stdout.destroy()
  child.stdin.end('go')
  expect(await once(child, 'exit')).toEqual([1, null])
})

/** A pipe tells that its reader has gone only to who writes to it, unlike the socket that Node makes. */
test('a process that fails while it holds lines ends when nobody reads its lines any more', async () => {
  const script = withLog(
    `process.stdin.once('data', () => { log.info('held'); throw new Error('for nobody') }); log.info('ready')`,
  )
  const line =
    '{ "$0" --input-type=module --eval "$1"; echo "ended with $?" >&2; } | { read -r line; exec 0<&-; echo gone; }'
  const child = spawn('sh', ['-c', line, process.execPath, script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  onTestFinished(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  })
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  await once(child.stdout, 'data')
  child.stdin.end('go')
  await once(child, 'close')
  expect(errors).toContain('ended with 1')
})
