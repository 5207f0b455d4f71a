import { type GatewayOptions, newWorkspace, startGateway } from './gateway.ts'
import { test as base } from './program.ts'

/**
 * `gateway` is one for all tests of a file; `gatewayOptions` is how it is started, which a file may override. `acme` is a
 * new workspace for each test, so no test sees what another one wrote.
 */
export const test = base
  .extend('gatewayOptions', { scope: 'file' }, async (): Promise<GatewayOptions> => ({}))
  .extend('gateway', { scope: 'file' }, async ({ gatewayOptions }, { onCleanup }) => {
    const gateway = await startGateway(gatewayOptions)
    onCleanup(gateway.close)
    return gateway
  })
  .extend('acme', ({ gateway }) => newWorkspace(gateway))

/**
 * These tests, with a gateway that is started with options of their own. `test.override` would change the options of every
 * file that the process runs later.
 */
export const startedWith = <Tests extends object>(tests: Tests, options: GatewayOptions): Tests =>
  (tests as unknown as typeof test).extend('gatewayOptions', { scope: 'file' }, options) as unknown as Tests
