import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { test as base } from './program.ts'

/** The system's Chromium, as `.ci/run` installs it. */
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  path => existsSync(path),
)

/** On a machine without a browser these tests are left out, but never in the pipeline. */
export const isWithoutBrowser = executablePath === undefined && process.env.CI === undefined

/** A page, with everything that went wrong in it. */
export type Tab = { page: Page; problems: string[] }

export type Viewport = { width: number; height: number; scheme?: 'light' | 'dark' }

const desktop: Viewport = { width: 1440, height: 900 }

/** Opens a page in a browser of its own user: nothing is kept from other pages. */
export type Open = (url: string, viewport?: Viewport) => Promise<Tab>

async function openTab(browser: Browser, url: string, { scheme = 'light', ...viewport }: Viewport) {
  const context: BrowserContext = await browser.newContext({ viewport, colorScheme: scheme, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const problems: string[] = []
  page.on('pageerror', error => problems.push(String(error)))
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  const { origin } = new URL(url)
  page.on('request', request => {
    if (!request.url().startsWith(origin)) problems.push(`The page asked for ${request.url()}.`)
  })
  await page.goto(url)
  return { page, problems }
}

/** `open` opens pages in one browser, which closes when the file has ended. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
  .extend('open', { scope: 'file' }, async ({}, { onCleanup }): Promise<Open> => {
    if (!executablePath) throw new Error('There is no Chromium: apt-get install chromium.')
    // The pipeline runs as root, where Chromium cannot make its sandbox.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    onCleanup(() => browser.close())
    return (url, viewport = desktop) => openTab(browser, url, viewport)
  })
