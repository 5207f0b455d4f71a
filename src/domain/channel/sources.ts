import { z } from 'zod'
import type { Channel } from './rows.ts'

/** Every source. With the database's type, a missing one does not compile. */
const sources = {
  EMAIL: 'EMAIL',
  CHAT: 'CHAT',
  FORM: 'FORM',
  API: 'API',
} as const satisfies { [Source in Channel['source']]: Source }

/** A source in an operation's input. */
export const source = z.enum(sources, `must be one of ${Object.keys(sources).join(', ')}.`)
