import { type Noun, nouns } from '../../src/domain/nouns.ts'
import type { Filled } from './two-workspaces.ts'

/** Values that name nothing of the own workspace where this noun is asked for. */
export function strangeIds(noun: Noun | 'any noun', own: Filled, foreign: Filled): string[] {
  const asked = noun === 'any noun' ? 'conversation' : noun
  const ofOtherTypes = Object.entries(own.ids).filter(([each]) => each !== noun && noun !== 'any noun')
  return [
    `${nouns[asked].prefix}_absent`,
    ...Object.values(foreign.ids),
    ...ofOtherTypes.map(([, id]) => id),
    '',
    'x',
    '日本',
    `${nouns[asked].prefix}_${'x'.repeat(5_000)}`,
    own.ids[asked].toUpperCase(),
    ` ${own.ids[asked]}`,
    `${own.ids[asked]}\0`,
    `${nouns[asked].prefix}_\0`,
    '\0',
  ]
}
