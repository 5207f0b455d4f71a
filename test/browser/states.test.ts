import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { test as base, isWithoutBrowser } from '../support/browser.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { listIsShown, printedAddress, rowOn } from '../support/inbox-page.ts'
import { command, startProcess } from '../support/process.ts'

/** A demo for the whole file, which no test changes. */
const test = base.extend('demo', { scope: 'file' }, async ({ startForFile }, { onCleanup }) => {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'gateway-browser-'))
  onCleanup(() => rmSync(DATA_DIR, { recursive: true, force: true }))
  const environment = {
    DATABASE_URL: await newPostgresDatabase(),
    DATA_DIR,
    DEMO: '1',
    DEMO_API_KEY: 'demo-key',
  }
  const running = await startProcess(startForFile, environment)
  const run = (...args: string[]) => command(startForFile, args, environment)
  return { running, address: printedAddress(running), run }
})

/** `SCREENSHOTS=docs/images` writes the pictures of the documentation. */
const { SCREENSHOTS: pictures } = process.env

async function picture(page: Page, name: string): Promise<void> {
  const bytes = await page.screenshot(pictures ? { path: join(pictures, `${name}.png`) } : {})
  // An empty page of one colour is smaller.
  expect(bytes.length).toBeGreaterThan(15_000)
}

const phone = { width: 390, height: 844 }

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The serious findings of axe-core on a page. It is run by the debugger, which the page's policy does not concern. */
async function findingsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)
}

describe.skipIf(isWithoutBrowser)('the inbox page shows', () => {
  for (const scheme of ['light', 'dark'] as const)
    test(`the list and a conversation, ${scheme}`, async ({ open, demo }) => {
      const { page, problems } = await open(demo.address, { width: 1440, height: 900, scheme })
      await rowOn(page, 'The mobile app crashes').first().click()
      await page.locator('.message-text').first().waitFor()
      await picture(page, scheme === 'light' ? 'conversation' : 'dark')
      expect(await findingsOn(page)).toEqual([])
      expect(problems).toEqual([])
    })

  test('the list alone', async ({ open, demo }) => {
    const { page, problems } = await open(demo.address)
    await listIsShown(page)
    await picture(page, 'list')
    expect(await findingsOn(page)).toEqual([])
    expect(problems).toEqual([])
  })

  test('a search that finds nothing', async ({ open, demo }) => {
    const { page, problems } = await open(demo.address)
    await page.getByRole('searchbox').fill('xylophone')
    await page.getByText('Nothing found').waitFor()
    await picture(page, 'empty')
    expect(await findingsOn(page)).toEqual([])
    expect(problems).toEqual([])
  })

  test('one thing at a time on a phone', async ({ open, demo }) => {
    const { page, problems } = await open(demo.address, phone)
    await listIsShown(page)
    await picture(page, 'phone-list')
    expect(await findingsOn(page)).toEqual([])
    await rowOn(page, 'The mobile app crashes').first().click()
    await page.locator('.message-text').first().waitFor()
    expect(await rowOn(page, 'The mobile app crashes').first().isVisible()).toBe(false)
    await picture(page, 'phone-conversation')
    expect(await findingsOn(page)).toEqual([])
    await page.goBack()
    await listIsShown(page)
    expect(problems).toEqual([])
  })

  test('its keys, its menus and its forms', async ({ open, demo }) => {
    const { page, problems } = await open(demo.address)
    await listIsShown(page)
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await picture(page, 'keys')
    expect(await findingsOn(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByRole('menu').waitFor()
    expect(await findingsOn(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('c')
    await page.getByRole('dialog').waitFor()
    expect(await findingsOn(page)).toEqual([])
    expect(problems).toEqual([])
  })

  test('to a key that may only read that it may not write', async ({ open, demo }) => {
    const { output: key } = await demo.run(
      'keys',
      'create',
      '--workspace',
      'wrk_abc123',
      '--name',
      'r',
      '--scope',
      'read',
    )
    const { page, problems } = await open(`${demo.running.url}/#key=${key}`)
    await rowOn(page, 'Billing question').click()
    await page.locator('.message-text').first().waitFor()
    for (const name of ['Close', 'Archive', /Alex Morgan/, 'New conversation'])
      expect(await page.getByRole('button', { name, exact: true }).first().isDisabled(), String(name)).toBe(
        true,
      )
    expect(await page.getByRole('textbox', { name: /Reply/ }).count()).toBe(0)
    const changes: string[] = []
    page.on('request', request => {
      if (request.postData()?.includes('Mutation')) changes.push(request.postData() ?? '')
    })
    for (const key of ['e', 'y', 'u']) await page.keyboard.press(key)
    // The next key has an effect, so those before it have had theirs.
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    expect(changes).toEqual([])
    await page.keyboard.press('Escape')
    expect(await findingsOn(page)).toEqual([])
    expect(problems).toEqual([])
  })

  test('a link to a conversation that does not exist', async ({ open, demo }) => {
    const { page, problems } = await open(demo.address)
    await listIsShown(page)
    await page.goto(`${demo.running.url}/?conversation=thd_nothing`)
    await page.getByText('There is no such conversation').waitFor()
    expect(problems).toEqual([])
  })

  test('where to sign in', async ({ open, demo }) => {
    const { page, problems } = await open(demo.running.url)
    await page.getByRole('heading', { name: 'Sign in to the inbox' }).waitFor()
    await picture(page, 'sign-in')
    expect(await findingsOn(page)).toEqual([])
    expect(problems).toEqual([])
  })
})
