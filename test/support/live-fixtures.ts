import { expect } from 'vitest'
import { test as base } from './fixtures.ts'
import type { Gateway } from './gateway.ts'
import { closeClients } from './live.ts'
import { openNow } from './metrics.ts'

/** Every test begins with a gateway that nobody is connected to, and leaves it so, however it ends. */
export const test = base.extend('nobodyLeft', { auto: true }, async ({ gateway }, { onCleanup }) => {
  onCleanup(async () => {
    await closeClients()
    await expect.poll(() => openNow(gateway)).toEqual({ sockets: 0, subscribers: 0, feeds: 0 })
  })
})

/** Waits until the gateway has this number of live subscribers. */
export const subscribed = (gateway: Pick<Gateway, 'url'>, count: number) =>
  expect.poll(async () => (await openNow(gateway)).subscribers).toBe(count)
