import type { Faker } from '@faker-js/faker'
import { faker as english } from '@faker-js/faker/locale/en'
import { idFrom } from '../domain/id.ts'
import type { Noun } from '../domain/nouns.ts'
import { demoAgentId, demoChannelId, demoNow } from './documented.ts'
import type { DemoRecords, Story } from './insert-records.ts'
import { notes, thanks, topics } from './phrases.ts'

const fakerSeed = 20250312
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/**
 * Three hundred conversations with two to eight messages and notes each. They are the same every time, and older than
 * the documentation's newest conversation.
 */
export function generatedRecords(): DemoRecords {
  english.seed(fakerSeed)
  const agents = Array.from({ length: 5 }, () => person(english, 'agent', demoNow.getTime() - 400 * dayMs))
  const contacts = Array.from({ length: 180 }, () =>
    person(english, 'contact', demoNow.getTime() - 120 * dayMs),
  )
  const channels = (['CHAT', 'FORM', 'API'] as const).map((source, index) => {
    const created_at = new Date(demoNow.getTime() - (300 - index) * dayMs)
    const name = { CHAT: 'Website chat', FORM: 'Contact form', API: 'Partner systems' }[source]
    return { id: idAt(english, 'channel', created_at), name, source, created_at }
  })
  const channelOf = {
    EMAIL: demoChannelId,
    ...Object.fromEntries(channels.map(({ source, id }) => [source, id])),
  }
  const agentIds = [demoAgentId, ...agents.map(agent => agent.id)]
  const stories = Array.from({ length: 300 }, (_, index) =>
    story(english, { index, contact: english.helpers.arrayElement(contacts), agentIds, channelOf }),
  )
  return { agents, channels, contacts, stories }
}

/**
 * An id with a UUIDv7 of the given time. Its random bits come from the generator, so ids are the same every time too.
 */
function idAt(faker: Faker, noun: Noun, at: Date): string {
  const time = at.getTime().toString(16).padStart(12, '0')
  const random = faker.string.hexadecimal({ length: 18, casing: 'lower', prefix: '' })
  return idFrom(
    noun,
    `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`,
  )
}

function person(faker: Faker, noun: 'agent' | 'contact', from: number) {
  const created_at = new Date(from + faker.number.int({ max: 20 * dayMs }))
  const [firstName, lastName] = [faker.person.firstName(), faker.person.lastName()]
  const id = idAt(faker, noun, created_at)
  const host =
    noun === 'agent'
      ? 'example.com'
      : faker.helpers.arrayElement(['example.com', 'example.net', 'example.org'])
  const email = `${firstName}.${lastName}.${id.slice(-3)}@${host}`.toLowerCase().replace(/[^a-z0-9.@]/g, '')
  return { id, name: `${firstName} ${lastName}`, email, created_at }
}

type Cast = {
  index: number
  contact: { id: string; name: string }
  agentIds: string[]
  channelOf: Record<string, string>
}

function story(faker: Faker, { index, contact, agentIds, channelOf }: Cast): Story {
  const source = faker.helpers.weightedArrayElement([
    { weight: 6, value: 'EMAIL' as const },
    { weight: 2, value: 'CHAT' as const },
    { weight: 1, value: 'FORM' as const },
    { weight: 1, value: 'API' as const },
  ])
  const topic = faker.helpers.arrayElement(topics)
  const agentId = faker.helpers.arrayElement(agentIds)
  const number = String(faker.number.int({ min: 12, max: 9_800 }))
  const product = faker.helpers.arrayElement(['Tidy', 'Tidy Desk', 'Tidy Reports'])
  const fill = (text: string) =>
    text
      .replaceAll('{name}', contact.name.split(' ')[0] ?? '')
      .replaceAll('{agent}', 'Kind regards, the Tidy team')
      .replaceAll('{number}', number)
      .replaceAll('{product}', product)
  const lines = dialogue(faker, topic).map(line => ({ ...line, text: fill(line.text) }))
  const end =
    demoNow.getTime() -
    20 * minuteMs -
    index * 7 * 60 * minuteMs -
    faker.number.int({ max: 6 * 60 * minuteMs })
  const messages = timed(faker, lines, end).map(({ at, ...line }) => ({
    ...line,
    id: idAt(faker, 'message', at),
    author_id: line.direction === 'INBOUND' ? contact.id : agentId,
    at,
  }))
  const begun = messages[0]?.at ?? demoNow
  const waits = messages.at(-1)?.direction === 'INBOUND'
  const recent = ['OPEN', 'OPEN', 'CLOSED'] as const
  const older = ['OPEN', 'CLOSED', 'CLOSED', 'CLOSED', 'ARCHIVED', 'ARCHIVED'] as const
  const status = faker.helpers.arrayElement(index < 80 ? recent : older)
  return {
    conversation: {
      id: idAt(faker, 'conversation', begun),
      contact_id: contact.id,
      channel_id: channelOf[source] ?? null,
      assigned_to_id: faker.datatype.boolean(0.7) ? agentId : null,
      status,
      source,
      subject: source === 'CHAT' ? null : fill(topic.subject),
      is_unread: status === 'OPEN' && waits && faker.datatype.boolean(0.6),
    },
    messages,
  }
}

type Line = { direction: 'INBOUND' | 'OUTBOUND' | 'NOTE'; text: string }

/** Questions and answers in turn, sometimes a note between agents, and often thanks at the end. */
function dialogue(faker: Faker, topic: (typeof topics)[number]): Line[] {
  const length = faker.number.int({ min: 2, max: 8 })
  const lines: Line[] = [{ direction: 'INBOUND', text: topic.opening }]
  for (let turn = 0; lines.length < length; turn++) {
    const answer = topic.answers[turn]
    const question = topic.questions[turn]
    if (answer) lines.push({ direction: 'OUTBOUND', text: answer })
    if (faker.datatype.boolean(0.15))
      lines.push({ direction: 'NOTE', text: faker.helpers.arrayElement(notes) })
    if (question && turn < 2) lines.push({ direction: 'INBOUND', text: question })
    if (!answer) lines.push({ direction: 'INBOUND', text: faker.helpers.arrayElement(thanks) })
  }
  return lines.slice(0, length)
}

/** Gives each line a time, backwards from the last one. Lines are minutes to hours apart. */
function timed(faker: Faker, lines: Line[], end: number): (Line & { at: Date })[] {
  let at = end
  return lines
    .toReversed()
    .map(line => {
      const timedLine = { ...line, at: new Date(at) }
      at -= faker.number.int({ min: 2 * minuteMs, max: 9 * 60 * minuteMs })
      return timedLine
    })
    .reverse()
}
