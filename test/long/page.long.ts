import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { openPostgres } from '../../src/db/open-postgres.ts'
import { insertRecords } from '../../src/demo/insert-records.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { test as base, isWithoutBrowser } from '../support/browser.ts'
import { newPostgresDatabase } from '../support/databases.ts'
import { listIsShown, printedAddress } from '../support/inbox-page.ts'
import { command, startProcess } from '../support/process.ts'

/** A machine with other work keeps this too. */
const busyMs = 5_000

const wanted = { conversations: 2_000, framesPerSecond: 50, listMs: 1_000, bytes: 250_000 }

// biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are used
const test = base.extend('directory', { scope: 'file' }, ({}, { onCleanup }) => {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-page-'))
  onCleanup(() => rmSync(directory, { recursive: true, force: true }))
  return directory
})

/** A workspace with open conversations of one contact, a minute apart. */
async function fill(url: string): Promise<void> {
  const { db, close } = openPostgres(url)
  const at = (index: number) => new Date(Date.UTC(2026, 0, 1) + index * 60_000)
  await db.transaction().execute(async writer => {
    await createWorkspace(writer, { name: 'Many', id: 'wrk_many' })
    await insertRecords(writer, 'wrk_many', {
      agents: [],
      channels: [],
      contacts: [{ id: 'ctc_a', name: 'Ann', email: 'ann@example.com', created_at: at(0) }],
      stories: Array.from({ length: wanted.conversations }, (_, index) => ({
        conversation: {
          id: `thd_${index}`,
          contact_id: 'ctc_a',
          channel_id: null,
          assigned_to_id: null,
          status: 'OPEN',
          source: 'CHAT',
          subject: `Subject ${index}`,
          is_unread: index % 3 === 0,
        },
        messages: [
          {
            id: `msg_${index}`,
            direction: 'INBOUND',
            text: `Text ${index}`,
            author_id: 'ctc_a',
            at: at(index),
          },
        ],
      })),
    })
  })
  await close()
}

/** Scrolls a list to its end, some pixels in each frame, and returns the milliseconds of each frame. */
const scrollToEnd = (page: Page): Promise<number[]> =>
  page.evaluate(async () => {
    const frame = () => new Promise<number>(requestAnimationFrame)
    const frames: number[] = []
    const list = document.querySelector('[role=grid]') as HTMLElement
    const end = () => list.querySelector('[data-key="thd_0"]')
    let last = await frame()
    while (!end() && frames.length < 20_000) {
      list.scrollTop += 60
      const now = await frame()
      frames.push(now - last)
      last = now
    }
    return frames
  })

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

describe.skipIf(isWithoutBrowser)('the inbox page', () => {
  test('scrolls through two thousand conversations', async ({ open, start, directory }) => {
    const environment = { DATABASE_URL: await newPostgresDatabase(), DATA_DIR: directory }
    await fill(environment.DATABASE_URL)
    const key = await command(
      start,
      ['keys', 'create', '--workspace', 'wrk_many', '--name', 'k', '--scope', 'read'],
      environment,
    )
    const running = await startProcess(start, environment)
    const { page, problems } = await open(`${running.url}/#key=${key.output}`)
    await listIsShown(page)
    const frames = await scrollToEnd(page)
    const framesPerSecond = 1_000 / median(frames)
    console.info(`${frames.length} frames, ${framesPerSecond.toFixed(1)} a second at the median`)
    expect(await page.locator('[data-key="thd_0"]').textContent()).toContain('Subject 0')
    expect(framesPerSecond).toBeGreaterThanOrEqual(wanted.framesPerSecond)
    expect(problems).toEqual([])
  })

  test('of the demo is light, comes up, and does not shift', async ({ open, start, directory }) => {
    const running = await startProcess(start, { DATA_DIR: join(directory, 'demo') })
    // The first visit warms the gateway up, and not the browser, which is another one for each page.
    await listIsShown((await open(printedAddress(running))).page)
    const times: number[] = []
    for (let visit = 0; visit < 7; visit++) {
      const { page } = await open('about:blank')
      const bytes: Promise<number>[] = []
      page.on('requestfinished', request => {
        const isOfPage = !request.url().endsWith('/graphql') && !request.url().startsWith('data:')
        if (isOfPage) bytes.push(request.sizes().then(sizes => sizes.responseBodySize))
      })
      const begun = performance.now()
      await page.goto(printedAddress(running))
      await listIsShown(page)
      times.push(performance.now() - begun)
      await page.locator('.row').nth(1).click()
      await page.locator('.message-text').first().waitFor()
      expect(await shiftOf(page)).toBeLessThan(0.01)
      const weight = (await Promise.all(bytes)).reduce((sum, size) => sum + size, 0)
      console.info(`${weight} bytes, the list after ${Math.round(times.at(-1) ?? 0)} ms`)
      expect(weight).toBeGreaterThan(50_000)
      expect(weight).toBeLessThanOrEqual(wanted.bytes)
      await page.context().close()
    }
    // The goal is told, and not asserted: with another load on the machine the same page took 1.2 seconds for 0.8.
    const fastest = Math.round(Math.min(...times))
    console.info(
      `the list after ${Math.round(median(times))} ms at the median, ${fastest} at best; wanted ${wanted.listMs}`,
    )
    expect(median(times)).toBeLessThan(busyMs)
  })
})

/** The Cumulative Layout Shift so far (web.dev/articles/cls). */
const shiftOf = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>(resolve => {
        let sum = 0
        new PerformanceObserver(list => {
          for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
            if (!entry.hadRecentInput) sum += entry.value
        }).observe({ type: 'layout-shift', buffered: true })
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)))
      }),
  )
