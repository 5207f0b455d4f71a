import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Compiling the modules takes a third of a second, so what the last start compiled is kept beside the packages. Only
// modules that are imported from here on are; a directory that cannot be written is no error.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)))
await import('./start.ts')
