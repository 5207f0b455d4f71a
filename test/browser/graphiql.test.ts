import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { test as base, isWithoutBrowser } from '../support/browser.ts'
import { newConversation, newWorkspace, startGateway } from '../support/gateway.ts'
import { subscribed } from '../support/live-fixtures.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('gateway', async ({}, { onCleanup }) => {
    const gateway = await startGateway()
    onCleanup(gateway.close)
    return gateway
  })
  .extend('acme', ({ gateway }) => newWorkspace(gateway))

const close = `mutation ($id: ID!) {
  setConversationStatus(input: { conversationId: $id, status: CLOSED }) { userErrors { code } }
}`

/** Replaces the headers that GraphiQL sends. */
async function putIn(page: Page, headers: Record<string, string>): Promise<void> {
  await page.getByRole('region', { name: 'Headers' }).getByRole('code').click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(JSON.stringify(headers))
  // The editor has closed the braces and quotation marks that it saw open.
  await page.keyboard.press('Shift+End')
  await page.keyboard.press('Delete')
}

describe.skipIf(isWithoutBrowser)('GraphiQL', () => {
  test('reads the schema again when its reader has put in a key', async ({ open, gateway, acme }) => {
    const { page, problems } = await open(`${gateway.url}/graphql`)
    await expect.poll(() => problems.join()).toContain('401')
    await putIn(page, { authorization: acme.client.authorization })
    const [again] = await Promise.all([
      page.waitForResponse(response => response.request().method() === 'POST'),
      page.getByRole('region', { name: 'Operation Editor' }).getByRole('code').click(),
    ])
    expect(await again.json()).toMatchObject({ data: { __schema: { queryType: { name: 'Query' } } } })
    expect(problems.filter(problem => !/40[14]/.test(problem))).toEqual([])
  })

  test.for([
    { tab: 'Events', sockets: 1 },
    { tab: 'StatusChanges', sockets: 0 },
  ])(
    'its tab $tab opens $sockets WebSockets, and shows what happens',
    async ({ tab, sockets }, { open, gateway, acme }) => {
      const { id } = await newConversation(acme.client)
      const { page } = await open(`${gateway.url}/graphql`)
      let opened = 0
      page.on('websocket', () => opened++)
      await page.getByRole('button', { name: tab, exact: true }).click()
      await putIn(page, { authorization: acme.client.authorization })
      await page.getByRole('button', { name: /^Execute query/ }).click()
      await subscribed(gateway, 1)
      await acme.client.graphql(close, { id })
      const result = page.getByRole('region', { name: 'Result Window' })
      await expect.poll(() => result.textContent(), { timeout: 60_000 }).toContain(id)
      expect(opened).toBe(sockets)
    },
  )
})
