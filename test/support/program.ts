import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test as base } from 'vitest'

/** A program of the project that runs as a process of its own. */
export type Program = ChildProcessByStdio<Writable, Readable, Readable>

/** Starts one of the project's programs. */
export type Start = (args: readonly string[], environment: Record<string, string>) => Program

/** What Node has compiled: a gateway starts in half the time from it. */
const compileCache = join(import.meta.dirname, '../../node_modules/.cache/compiled')

/**
 * Starts one of the project's programs with this environment, `PATH` and the compiled files, and nothing else. It dies with this process, even when that is
 * killed, and its pipes are its own: no leftover keeps those of the runner open.
 */
export const startProgram: Start = (args, environment) => {
  const program = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // The shell's standard input ends when this process does, in whichever way.
  const guard = spawn('sh', ['-c', 'read _; kill -9 "$0"', String(program.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  program.once('exit', () => guard.kill('SIGKILL'))
  program.stdin.on('error', () => {})
  return program
}

/** Runs one of the project's programs to its end. */
export async function run(
  start: Start,
  args: readonly string[],
  environment: Record<string, string>,
  input = '',
) {
  const program = start(args, environment)
  program.stdin.end(input)
  const [output, error, [code]] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    once(program, 'exit'),
  ])
  return { output: output.trim(), error: error.trim(), code: code as number | null }
}

/** Kills what was started, however far it has come. */
async function kill(programs: Iterable<Program>): Promise<void> {
  for (const program of programs) {
    if (program.exitCode !== null || program.signalCode !== null) continue
    const exited = once(program, 'exit')
    program.kill('SIGKILL')
    await exited
  }
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function collect(): { programs: Set<Program>; start: Start } {
  const programs = new Set<Program>()
  return {
    programs,
    start(args, environment) {
      const program = startProgram(args, environment)
      programs.add(program)
      return program
    },
  }
}

/** `start` kills what it has started when its test has ended, in whichever way; `startForFile` when its file has. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('start', async ({}, { onCleanup }) => {
    const { programs, start } = collect()
    onCleanup(() => kill(programs))
    return start
  })
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('startForFile', { scope: 'file' }, async ({}, { onCleanup }) => {
    const { programs, start } = collect()
    onCleanup(() => kill(programs))
    return start
  })
