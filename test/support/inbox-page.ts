import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Running } from './process.ts'

/** The address with a key that a demo prints when it starts. */
export function printedAddress({ lines }: Running): string {
  const { inbox } = lines.find(line => line.inbox !== undefined) ?? {}
  if (inbox === undefined) throw new Error('The gateway printed no address of an inbox.')
  return inbox
}

/** The rows of the list, as a reader sees them. */
export const rowsOn = (page: Page): Locator => page.locator('[role=grid] [role=row].row')

/** The row with this text. */
export const rowOn = (page: Page, text: string): Locator => rowsOn(page).filter({ hasText: text })

/** The number on a tab or on a part of the inbox. */
export async function countOn(page: Page, name: string): Promise<number> {
  const counted = page.locator('[role=tab], nav button').filter({ hasText: name }).first()
  return Number(((await counted.locator('.count').textContent()) ?? '').replace(/\D/g, ''))
}

/** Waits until the list has rows. */
export const listIsShown = (page: Page): Promise<void> => rowsOn(page).first().waitFor()

/** Waits until this is on the page. */
export const shows = (page: Page, text: string | RegExp) =>
  expect.poll(() => page.locator('body').textContent(), { message: String(text) }).toMatch(text)

/**
 * Holds the answers to one operation back, once the gateway has given them, until the function that it returns is
 * called. `held` resolves when there is one. `isLost`: they are lost then, as when a connection breaks.
 */
export async function holdAnswers(page: Page, operationName: string, isLost = false) {
  const released = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  await page.route('**/graphql', async route => {
    if (!route.request().postData()?.includes(`"operationName":"${operationName}"`)) return route.continue()
    const response = isLost ? null : await route.fetch()
    held.resolve()
    await released.promise
    return response ? route.fulfill({ response }) : route.abort()
  })
  const release = async () => {
    released.resolve()
    await page.unrouteAll({ behavior: 'wait' })
  }
  return Object.assign(release, { held: held.promise })
}
