import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The sample mails, and what is expected of each. */
const directory = join(import.meta.dirname, '../mail/samples')

export const samples = readdirSync(directory).filter(name => name.endsWith('.eml'))

export const rawSample = (name: string): Buffer => readFileSync(join(directory, name))

export const expectations = (): unknown => JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'))
