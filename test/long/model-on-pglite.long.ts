import { test } from 'vitest'
import { playSequences } from '../support/inbox-model/sequences.ts'

test('1,000 random sequences of changes and queries are answered as the model says', () =>
  playSequences('pglite', 1_000))
