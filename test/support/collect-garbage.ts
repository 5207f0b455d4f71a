import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects all that nobody refers to, in both generations. */
export const collectGarbage = runInNewContext('gc') as () => void
