import { describe, expect } from 'vitest'
import { add } from '../support/adding-messages.ts'
import { test as base } from '../support/fixtures.ts'
import { type Client, newConversation, newWorkspace } from '../support/gateway.ts'
import { type Told, tellStories } from '../support/stories.ts'

/** Conversations in eight scripts. The comment names what is found by it. */
const stories: Told[] = [
  { texts: ['The Straße is closed. Ask at the café, please.'], subject: 'Wegen der Lieferung' },
  { texts: ['J’aimerais être remboursé pour l’avion.'], name: 'Élodie Lefèvre' },
  {
    texts: ['My order-4711 is late. See https://shop.example.com/orders/4711.'],
    email: 'anna.schmidt@example.com',
  },
  { texts: ['I wrote to thd_abc123 before.', 'Any news?', 'Internal: refund approved by łukasz'] },
  { texts: ['Привет! Когда придёт мой заказ?'], name: 'Фёдор Иванов' },
  { texts: ['Καλημέρα, πότε θα έρθει η παραγγελία στην ΟΔΟΣ Αθηνάς;'] },
  { texts: ['مَرْحَبًا، أين طلبي؟ شكرًا'], name: 'أحمد' },
  { texts: ['您好,我想查询我的订单。谢谢'], name: '王小明' },
  { texts: ['東京都に住んでいます。注文が届きません。ガスとカメラ'], name: '山田太郎' },
  { texts: ['안녕하세요. 서울에서 주문했습니다.'], name: '김철수' },
  { texts: ['สวัสดีครับ ผมต้องการคืนเงินสินค้า'] },
  { texts: ['ＦＵＬＬＷＩＤＴＨ text and ﬁne ligatures, İstanbul'], status: 'CLOSED' },
  { texts: ['Something else entirely'], status: 'ARCHIVED' },
]

const test = base.extend('told', { scope: 'file' }, async ({ gateway }) => {
  const workspace = await newWorkspace(gateway)
  await tellStories(gateway.db, workspace.id, stories)
  return workspace
})

type Found = {
  conversations: { totalCount: number | null; totalCountAtLeast: number; edges: { node: { id: string } }[] }
}

const find = (from: Client, search: string | null, more = '') =>
  from.graphql<Found>(
    `query ($search: String) { conversations(first: 50, filter: { search: $search ${more} }) {
      totalCount totalCountAtLeast edges { node { id } } } }`,
    { search },
  )

const placesOf = async (from: Client, search: string, more = '') => {
  const { data, errors } = await find(from, search, more)
  expect(errors, search).toBeUndefined()
  return data.conversations.edges
    .map(({ node }) => Number(node.id.slice('thd_'.length)))
    .sort((a, b) => a - b)
}

/** What is searched for, and the places of the stories that are found by it. */
const searches: [string, number[]][] = [
  ['strasse', [0]],
  ['STRAẞE', [0]],
  ['straße closed', [0]],
  ['closed strass', [0]],
  ['cafe', [0]],
  ['CAFÉ', [0]],
  ['lieferung', [0]],
  ['liefer', [0]],
  ['lieferung strasse', [0]],
  ['remboursé', [1]],
  ['rembourse', [1]],
  ['etre', [1]],
  ['avion', [1]],
  ["l'avion", [1]],
  ['elodie', [1]],
  ['lefevre remb', [1]],
  ['order-4711', [2]],
  ['4711', [2]],
  ['order 4711', [2]],
  ['anna.schmidt@example.com', [2]],
  ['ANNA.SCHMIDT@EXAMPLE.COM', [2]],
  ['schmidt@example.com', [2]],
  ['anna.schm', [2]],
  ['schmidt', [2]],
  ['example.com', [2]],
  ['shop.example.com/orders', [2]],
  ['https://shop', [2]],
  ['thd_abc123', [3]],
  ['abc123', [3]],
  ['thd_abc', [3]],
  ['refund lukasz', [3]],
  ['łukasz', [3]],
  ['news thd_abc123', [3]],
  ['привет', [4]],
  ['ПРИВЕТ', [4]],
  ['придет', [4]],
  ['фёдор заказ', [4]],
  ['федор', [4]],
  ['καλημερα', [5]],
  ['ΚΑΛΗΜΈΡΑ', [5]],
  ['οδος', [5]],
  ['παραγγελ', [5]],
  ['مرحبا', [6]],
  ['احمد', [6]],
  ['طلبي', [6]],
  ['شكر', [6]],
  ['订单', [7]],
  ['查询', [7]],
  ['您好 谢谢', [7]],
  ['小明', [7]],
  ['京都', [8]],
  ['東京', [8]],
  ['注文', [8]],
  ['ガス', [8]],
  ['カス', []],
  ['山田 カメラ', [8]],
  ['서울', [9]],
  ['주문', [9]],
  ['김철수 안녕', [9]],
  ['คืนเงิน', [10]],
  ['สินค้า', [10]],
  ['fullwidth', [11]],
  ['fine ligat', [11]],
  ['istanbul', [11]],
  ['somebody3@example.net', [3]],
  ['example.net zebra', []],
  ['refund zebra', []],
  ['ave', []],
  ['else', []],
]

describe('a search', () => {
  test.for(searches)('for %s finds what has its words', async ([search, places], { told }) => {
    expect(await placesOf(told.client, search)).toEqual(places)
  })

  test('is combined with the other filters, and is not counted', async ({ told }) => {
    expect(await placesOf(told.client, 'else', 'status: [ARCHIVED]')).toEqual([12])
    expect(await placesOf(told.client, 'fullwidth', 'status: [OPEN]')).toEqual([])
    expect(await placesOf(told.client, 'fullwidth', 'isAssigned: false, source: [EMAIL]')).toEqual([11])
    expect(await placesOf(told.client, 'fullwidth', 'contactId: []')).toEqual([])
    const { data } = await find(told.client, 'example.net')
    expect(data.conversations).toMatchObject({ totalCount: null, totalCountAtLeast: 11 })
  })

  test('finds a contact by its name and its address', async ({ told }) => {
    const contacts = async (search: string) => {
      const { data } = await told.client.graphql<{ contacts: { edges: { node: { id: string } }[] } }>(
        'query ($search: String) { contacts(search: $search) { edges { node { id } } } }',
        { search },
      )
      return data.contacts.edges.map(({ node }) => node.id)
    }
    expect(await contacts('lefevre elod')).toEqual(['ctc_1'])
    expect(await contacts('anna.schmidt@example.com')).toEqual(['ctc_2'])
    expect(await contacts('小明')).toEqual(['ctc_7'])
    expect(await contacts('refund')).toEqual([])
    expect(await contacts(' ')).toHaveLength(stories.length)
  })

  test('of a blank text is none, and of what is no text is refused', async ({ told }) => {
    for (const blank of [null, '', '  \n'])
      expect((await find(told.client, blank)).data.conversations.edges).toHaveLength(12)
    for (const [bad, message] of [
      ['x'.repeat(201), 'search must be at most 200 characters long.'],
      ['?!', 'search must contain a letter or a digit.'],
      ['& | ! <-> :* % _ \\ \' "', 'search must contain a letter or a digit.'],
      ['a\0b', 'search must not contain NUL or broken characters.'],
      ['\ud800', 'search must not contain NUL or broken characters.'],
    ] as const) {
      const { errors } = await find(told.client, bad)
      expect(errors?.[0], bad).toMatchObject({
        message,
        extensions: { code: 'INVALID_INPUT', path: ['filter', 'search'] },
      })
    }
  })

  test('takes the operators of the database for the signs they are', async ({ told }) => {
    for (const sign of ['&', '|', '!', '<->', ':*', '%', '\\', "'", '"', '(', '*', ';--'])
      expect(await placesOf(told.client, `straße ${sign} closed ${sign}`), sign).toEqual([0])
    expect(await placesOf(told.client, `closed & !strasse`)).toEqual([0])
    expect(await placesOf(told.client, `x' or 1=1 --`)).toEqual([])
  })
})

test('what is written is found at once: a subject, a reply, a note, and a name that comes later', async ({
  acme,
}) => {
  const { id } = await newConversation(acme.client, 'late@example.com', 'First lines about a zeppelin')
  const found = async (search: string) =>
    (await find(acme.client, search)).data.conversations.edges.map(({ node }) => node.id)
  expect(await found('zeppelin')).toEqual([id])
  await add(acme.client, 'replyToConversation', { conversationId: id, contentText: 'We fly on Wednesday' })
  await add(acme.client, 'addNote', { conversationId: id, contentText: 'Call the hangar' })
  expect(await found('wednesday zeppelin hangar late@example.com')).toEqual([id])
  expect(await found('Ferdinand')).toEqual([])
  await add(acme.client, 'receiveMessage', {
    source: 'EMAIL',
    email: 'late@example.com',
    name: 'Ferdinand Graf',
    subject: 'Moored',
    contentText: 'Another one',
  })
  expect(await found('Ferdinand zeppelin')).toEqual([id])
  expect(await found('moored ferdinand')).toHaveLength(1)
  expect(await found('ferdinand graf')).toHaveLength(2)
})

test('a long conversation is searched by all of its words', async ({ acme }) => {
  const { id } = await newConversation(acme.client, 'long@example.com', 'It begins here')
  const text = Array.from({ length: 9_000 }, (_, index) => `w${index.toString(36)}q`).join(' ')
  await add(acme.client, 'addNote', { conversationId: id, contentText: text })
  await add(acme.client, 'addNote', { conversationId: id, contentText: 'It ends there' })
  const { data } = await find(acme.client, `begins w${(8_999).toString(36)}q ends`)
  expect(data.conversations.edges.map(({ node }) => node.id)).toEqual([id])
})

test('words of another workspace are not found', async ({ told, acme }) => {
  await newConversation(acme.client, 'acme@example.com', 'Nothing of that')
  expect(await placesOf(acme.client, 'strasse')).toEqual([])
  expect((await find(told.client, 'acme@example.com')).data.conversations.edges).toEqual([])
})
