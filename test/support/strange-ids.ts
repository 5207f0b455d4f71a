import { type Noun, nouns } from '../../src/domain/nouns.ts'
import type { Filled } from './two-workspaces.ts'

/** Values that name nothing of the own workspace where this noun is expected. */
export function strangeIds(noun: Noun | 'any noun', own: Filled, foreign: Filled): string[] {
  const expected = noun === 'any noun' ? 'conversation' : noun
  const ofOtherTypes = Object.entries(own.ids).filter(([each]) => each !== noun && noun !== 'any noun')
  return [
    `${nouns[expected].prefix}_absent`,
    ...Object.values(foreign.ids),
    ...ofOtherTypes.map(([, id]) => id),
    '',
    'x',
    '日本',
    `${nouns[expected].prefix}_${'x'.repeat(5_000)}`,
    own.ids[expected].toUpperCase(),
    ` ${own.ids[expected]}`,
    `${own.ids[expected]}\0`,
    `${nouns[expected].prefix}_\0`,
    '\0',
  ]
}
