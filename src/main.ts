import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// V8 makes the objects of a place in the code in the old generation once many of them have outlived a collection, as those of
// a burst of requests do. Each then keeps all that it refers to, rows and answers, until a full collection.
setFlagsFromString('--no-allocation-site-pretenuring')
// V8 optimizes a function once it has run 3,000 times the length of its code. Much of the code of a request runs once a
// request, so a new process took up to half a minute to become as fast as it can be (docs/performance.md).
setFlagsFromString('--invocation-count-for-turbofan=1000')
// Both flags come before the compiled modules, which V8 rejects under other flags.

// Compiling the modules takes a third of a second, so what the last start compiled is kept beside the packages. Only
// modules that are imported from here on are; a directory that cannot be written is no error.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)))
await import('./start.ts')
