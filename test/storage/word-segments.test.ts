import { expect, onTestFinished, test } from 'vitest'
import type { Writer } from '../../src/db/db.ts'
import { nothingAlong } from '../../src/domain/conversation/along.ts'
import { searchedPage } from '../../src/domain/conversation/search.ts'
import { addContactName, addWords } from '../../src/domain/search/keep.ts'
import { lexemesOf } from '../../src/domain/search/lexemes.ts'
import { joinSegments, makeSegment } from '../../src/domain/search/make-segments.ts'
import { renewSegments } from '../../src/domain/search/renew-segments.ts'
import { queueForSegments } from '../../src/domain/search/segment-queue.ts'
import { searchedWords } from '../../src/domain/search/words.ts'
import { createWorkspace } from '../../src/domain/workspace/create.ts'
import { makeWordSegments } from '../../src/jobs/word-segments.ts'
import { refusedByCitus } from '../support/citus/forms.ts'
import { openDatabase } from '../support/databases.ts'
import { inboxOnly } from '../support/plans.ts'
import { tellStories } from '../support/stories.ts'

/** A search walks 250 conversations before it looks words up: what is searched for here is in the oldest ones. */
const usual = 1_200
/** Too many to be compared one by one. */
const many = 1_600

const isIn = (text: string, index: number) => (text === 'even') === (index % 2 === 0)

async function told(size = usual) {
  const statements: string[] = []
  const { reserved: db, close } = await openDatabase({ log: ({ query }) => void statements.push(query.sql) })
  onTestFinished(close)
  const workspaceId = await db.transaction().execute(writer => createWorkspace(writer, { name: 'Told' }))
  await tellStories(
    db,
    workspaceId,
    Array.from({ length: size }, (_, index) => ({
      texts: [`common ${isIn('even', index) ? 'even' : 'odd'} ${index < 4 ? 'rare' : ''}`],
    })),
  )
  const change = <Result>(work: (writer: Writer) => Promise<Result>) => db.transaction().execute(work)
  return {
    db,
    workspaceId,
    statements,
    change,
    addWord: (index: number, word: string) =>
      change(writer => addTo(writer, workspaceId, `thd_${index}`, word)),
    async find(text: string) {
      statements.length = 0
      const rows = await searchedPage(
        db,
        workspaceId,
        {
          filter: inboxOnly,
          order: { by: 'lastMessageAt', descending: true },
          page: { size: 20, backward: false, after: null, before: null },
          along: nothingAlong,
        },
        searchedWords(text),
      )
      return { ids: rows.map(({ id }) => id), isByBits: statements.some(sql => sql.includes('unnest($')) }
    },
    async segment() {
      while (await change(writer => makeSegment(writer, workspaceId, 1)));
    },
    async queued() {
      const rows = await db
        .selectFrom('word_segment_queue')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .execute()
      return rows.length
    },
    /** The conversations of each segment. */
    async segments() {
      const parts = await db
        .selectFrom('word_segment_part')
        .select(['segment_id as id', 'conversation_ids as ids'])
        .where('workspace_id', '=', workspaceId)
        .orderBy('number')
        .execute()
      const byId = Object.groupBy(parts, ({ id }) => id)
      return Object.values(byId).map((all = []) => all.flatMap(({ ids }) => ids))
    },
  }
}

const addTo = (writer: Writer, workspaceId: string, conversationId: string, ...words: string[]) =>
  addWords(writer, { workspaceId, conversationId, lexemes: lexemesOf(workspaceId, words) }, false)

test('two common words that rarely meet are found by their bits, and by the index before there are any', async () => {
  const { find, segment, addWord, segments } = await told(many)
  await addWord(3, 'even')
  await addWord(8, 'odd')
  const expected = ['thd_8', 'thd_3']
  expect(await find('even odd')).toEqual({ ids: expected, isByBits: false })
  await segment()
  expect((await segments()).map(ids => ids.length)).toEqual([many])
  expect(await find('even odd')).toEqual({ ids: expected, isByBits: true })
  expect(await find('odd even')).toEqual({ ids: expected, isByBits: true })
  // The last word may go on.
  await addWord(5, 'evening')
  expect(await find('odd even')).toEqual({ ids: ['thd_8', 'thd_5', 'thd_3'], isByBits: true })
})

test('words that are added to a conversation of a segment are found at once, and after the next segment', async () => {
  const { find, segment, addWord } = await told()
  await segment()
  expect(await find('even odd')).toEqual({ ids: [], isByBits: true })
  await addWord(3, 'even')
  expect(await find('even odd')).toEqual({ ids: ['thd_3'], isByBits: true })
  await segment()
  expect(await find('even odd')).toEqual({ ids: ['thd_3'], isByBits: true })
})

test('a contact that gets a name later is found by it in conversations of a segment', async () => {
  const { find, segment, change, workspaceId } = await told()
  await segment()
  await change(writer => addContactName(writer, workspaceId, 'ctc_3', 'Even'))
  expect(await find('even odd')).toEqual({ ids: ['thd_3'], isByBits: true })
})

test('a segment whose few conversations have none of the words is no hindrance', async () => {
  const { find, segment, addWord, change, workspaceId } = await told()
  await addWord(3, 'even')
  await segment()
  await change(writer => queueForSegments(writer, workspaceId, ['thd_wordless']))
  await segment()
  expect(await find('even odd')).toEqual({ ids: ['thd_3'], isByBits: true })
})

test('a conversation with very many words is found too', async () => {
  const { find, segment, change, workspaceId } = await told()
  const words = Array.from({ length: 1_001 }, (_, index) => `word${index}`)
  await change(writer => addTo(writer, workspaceId, 'thd_6', ...words, 'odd'))
  await segment()
  expect(await find('even odd')).toEqual({ ids: ['thd_6'], isByBits: true })
})

test('words that many conversations may have together are looked up in the index', async () => {
  const { find, segment } = await told(many)
  await segment()
  expect(await find('common rare')).toEqual({ ids: ['thd_3', 'thd_2', 'thd_1', 'thd_0'], isByBits: false })
})

test('segments are joined, with each conversation once, and find the same', async () => {
  const { find, segment, addWord, segments, change, workspaceId, statements } = await told()
  await segment()
  for (const index of [3, 5, 3]) {
    await addWord(index, index === 5 ? 'even' : `even number${index}`)
    await segment()
  }
  expect((await segments()).filter(ids => ids.length < 10).sort()).toEqual([['thd_3'], ['thd_3'], ['thd_5']])
  expect(await find('even odd')).toEqual({ ids: ['thd_5', 'thd_3'], isByBits: true })
  statements.length = 0
  expect(await change(writer => joinSegments(writer, workspaceId, 4))).toBe(false)
  expect(await change(writer => joinSegments(writer, workspaceId, 3))).toBe(true)
  expect(statements.filter(text => refusedByCitus(text) !== null)).toEqual([])
  const joined = await segments()
  expect(joined.map(ids => ids.length).sort()).toEqual([usual, 2])
  expect(joined.find(ids => ids.length === 2)).toEqual(['thd_3', 'thd_5'])
  expect(await find('even odd')).toEqual({ ids: ['thd_5', 'thd_3'], isByBits: true })
})

test('the job makes segments of what waits', async () => {
  const { find, db, queued, addWord } = await told()
  await addWord(3, 'even')
  const failures: unknown[] = []
  const job = makeWordSegments(db, error => void failures.push(error))
  try {
    await expect.poll(queued, { timeout: 30_000 }).toBe(0)
  } finally {
    await job.close()
  }
  expect(failures).toEqual([])
  expect(await find('even odd')).toEqual({ ids: ['thd_3'], isByBits: true })
})

test('a workspace whose segments have far more members than it has conversations begins anew', async () => {
  const { find, segment, segments, queued, addWord, change, workspaceId, statements } = await told()
  statements.length = 0
  const all = Array.from({ length: usual }, (_, index) => `thd_${index}`)
  await segment()
  await addWord(3, 'even')
  await change(writer => renewSegments(writer, workspaceId))
  expect(await segments()).toHaveLength(1)
  for (let round = 0; round < 5; round++) {
    await change(writer => queueForSegments(writer, workspaceId, all))
    await segment()
  }
  expect(await segments()).toHaveLength(6)
  await addWord(5, 'even')
  await change(writer => renewSegments(writer, workspaceId))
  expect(await segments()).toEqual([])
  expect(await queued()).toBe(1 + usual)
  await segment()
  expect(statements.filter(text => refusedByCitus(text) !== null)).toEqual([])
  expect(await find('even odd')).toEqual({ ids: ['thd_5', 'thd_3'], isByBits: true })
})

test('nothing is missed by a search while words are added and segments are made, joined and renewed', {
  timeout: 60_000,
}, async () => {
  const { find, addWord, change, workspaceId, segment } = await told()
  await segment()
  let isOver = false
  const makers = Array.from({ length: 2 }, async () => {
    while (!isOver) {
      await change(writer => makeSegment(writer, workspaceId, 1))
      await change(writer => joinSegments(writer, workspaceId, 2))
      // Whenever the segments have a hundred members more than there are conversations.
      await change(writer => renewSegments(writer, workspaceId, 100 - usual))
    }
  })
  const expected: string[] = []
  try {
    for (let index = 1; index < 40; index += 2) {
      await addWord(index, 'even')
      expected.unshift(`thd_${index}`)
      expect(await find('even odd')).toEqual({ ids: expected.slice(0, 21), isByBits: true })
    }
  } finally {
    isOver = true
    await Promise.all(makers)
  }
})
