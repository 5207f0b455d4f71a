// Loaded before anything else, in JavaScript, because an older Node cannot load the TypeScript files at all.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 8)) {
  console.error(`The gateway needs Node 22.18 or newer; this is Node ${process.versions.node}.`)
  process.exit(1)
}
