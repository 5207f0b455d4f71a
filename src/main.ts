import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// V8 makes the objects of a place in the code in the old generation once many of them have outlived a collection, as those of
// a burst of requests do. Each then keeps all that it refers to, rows and answers, until a full collection.
setFlagsFromString('--no-allocation-site-pretenuring')
// V8 optimizes a function after 3,000 calls of its length. A request passes through more code than it calls often, so a new
// process was slow for half a minute; now it is for ten seconds (docs/performance.md).
setFlagsFromString('--invocation-count-for-turbofan=1000')
// Both flags come before the compiled modules, which V8 rejects under other flags.

// Compiling the modules takes a third of a second, so what the last start compiled is kept beside the packages. Only
// modules that are imported from here on are; a directory that cannot be written is no error.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)))
await import('./start.ts')
