import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, test } from 'vitest'
import { newPostgresDatabase } from '../support/databases.ts'
import { type Play, type Step, startMailServer } from '../support/mail-server.ts'
import { type Running, startProcess } from '../support/process.ts'
import { startProgram } from '../support/program.ts'
import { startFront } from '../support/smtp-front.ts'

// 200 messages through a mail server that does what mail servers do, while the gateway is killed.

const open: { close(): unknown }[] = []
afterAll(async () => {
  for (const each of open.reverse()) await each.close()
})

const workspaceId = 'wrk_abc123'
const key = 'demo-key-of-the-outbox-test'

/** What the mail server does with a message, by the beginning of its recipient's address. */
const plays: Record<string, (attempt: number) => Play | null> = {
  ok: () => null,
  busy: attempt => (attempt === 1 ? { at: 'RCPT TO', answer: 450 } : null),
  grey: attempt => (attempt === 1 ? { at: 'RCPT TO', answer: 451 } : null),
  unknown: () => ({ at: 'RCPT TO', answer: 550 }),
  full: () => ({ at: 'DATA', answer: 552 }),
  spam: () => ({ at: 'DATA', answer: 554 }),
  dropbefore: attempt => (attempt === 1 ? { at: 'RCPT TO', answer: 'drop' } : null),
  dropafter: () => ({ at: 'DATA', answer: 'drop' }),
  hangafter: () => ({ at: 'DATA', answer: 'hang' }),
  slow: () => null,
  kill: () => null,
}
const failing = ['unknown', 'full', 'spam']
const unanswered = ['dropafter', 'hangafter']

/** Where the gateway is killed, the first time that an attempt for these recipients comes so far. */
const killings: Record<string, Step> = {
  'kill1@example.com': 'RCPT TO',
  'kill2@example.com': 'DATA begins',
  'kill3@example.com': 'DATA taken',
  'kill4@example.com': 'answered',
}

const kindOf = (recipient: string) => /^[a-z]+/.exec(recipient)?.[0] ?? ''

function recipients(): string[] {
  const kinds = Object.keys(plays).filter(kind => kind !== 'kill' && kind !== 'ok')
  const played = kinds.flatMap(kind =>
    Array.from({ length: 10 }, (_, index) => `${kind}${index}@example.com`),
  )
  const fine = Array.from({ length: 106 }, (_, index) => `ok${index}@example.com`)
  const all = [...played, ...fine]
  // Spread, so that each kill meets others on their way.
  const mixed = all.map((_, index) => all[(index * 37) % all.length] ?? '')
  Object.keys(killings).forEach((recipient, index) => void mixed.splice((index + 1) * 40, 0, recipient))
  return mixed
}

type Message = { id: string; status: string; failureReason: string | null; sentAt: string | null }

/** A gateway that is started again whenever it has been killed, and a client that does not give up. */
async function startUnderFaults(environment: Record<string, string>) {
  const killed: { at: number; recipient: string; upAt: number }[] = []
  let gateway: Running = await startProcess(startProgram, environment)
  let starting: Promise<unknown> = Promise.resolve()
  const kill = (recipient: string) => {
    starting = starting.then(async () => {
      const death = { at: Date.now(), recipient, upAt: Number.POSITIVE_INFINITY }
      killed.push(death)
      await gateway.end('SIGKILL')
      gateway = await startProcess(startProgram, environment)
      death.upAt = Date.now()
    })
    return starting
  }

  /** Sends a request until it is answered; the gateway may be killed while it works on it. */
  async function send(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
    for (;;) {
      await starting
      try {
        const response = await fetch(`${gateway.url}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        })
        if (response.ok) return response
      } catch {
        await after(100)
      }
    }
  }
  async function graphql<Data>(query: string, variables: object): Promise<Data> {
    const response = await send('/graphql', { query, variables })
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }

  return {
    killed,
    kill,
    graphql,
    end: () => gateway.end(),
    /** Over GraphQL or REST; both share the key. */
    async create(email: string, overRest: boolean): Promise<{ id: string; cursor: string | null }> {
      const message = { email, subject: 'A question', contentText: `Hello ${email}` }
      if (overRest) {
        const path = `/v1/workspaces/${workspaceId}/support/inbox/conversations`
        const response = await send(path, message, { 'idempotency-key': email })
        return { id: ((await response.json()) as { message: { id: string } }).message.id, cursor: null }
      }
      const data = await graphql<{ createConversation: { message: { id: string }; cursor: string } }>(
        'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { message { id } cursor } }',
        { input: { ...message, idempotencyKey: email } },
      )
      return { id: data.createConversation.message.id, cursor: data.createConversation.cursor }
    },
    async messages(ids: string[]): Promise<Message[]> {
      const query =
        'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Message { id status failureReason sentAt } } }'
      const parts = [ids.slice(0, 100), ids.slice(100)]
      const answers = await Promise.all(
        parts.map(part => graphql<{ nodes: Message[] }>(query, { ids: part })),
      )
      return answers.flatMap(({ nodes }) => nodes)
    },
    async total(): Promise<number> {
      const { conversations } = await graphql<{ conversations: { totalCount: number } }>(
        '{ conversations(filter: { status: [OPEN, CLOSED, ARCHIVED] }) { totalCount } }',
        {},
      )
      return conversations.totalCount
    },
  }
}

test.concurrent.for(['postgres', 'embedded'])(
  '200 messages through a difficult mail server while the gateway is killed five times lose nothing, on the %s database',
  async (engine, { expect }) => {
    const directory = mkdtempSync(join(tmpdir(), 'gateway-outbox-'))
    open.push({ close: () => rmSync(directory, { recursive: true, force: true }) })
    let gateway: Awaited<ReturnType<typeof startUnderFaults>>
    const killing = new Set<string>()
    let connections = 0
    const server = await startMailServer({
      play: (recipient, attempt) => plays[kindOf(recipient)]?.(attempt) ?? null,
      async step(step, recipient) {
        const fifth = step === 'connect' && ++connections === 150 ? 'the 150th connection' : null
        const victim = fifth ?? (killings[recipient] === step ? recipient : null)
        if (victim !== null && !killing.has(victim)) {
          killing.add(victim)
          await gateway.kill(victim)
        }
        // A slow line: each of its steps takes its time.
        if (kindOf(recipient) === 'slow' && step === 'RCPT TO') await after(3_000)
      },
    })
    open.push(server)
    const front = await startFront(server.port)
    open.push(front)
    gateway = await startUnderFaults({
      ...(engine === 'postgres' ? { DATABASE_URL: await newPostgresDatabase() } : {}),
      DATA_DIR: directory,
      DEMO: '1',
      DEMO_API_KEY: key,
      SMTP_URL: `smtp://127.0.0.1:${front.port}/?socketTimeout=5000`,
      MAIL_FROM: 'help@gateway.test',
    })
    open.push({ close: () => gateway.end() })
    const before = await gateway.total()

    const all = recipients()
    expect(all).toHaveLength(200)
    const ids = new Map<string, string>()
    const cursors = new Map<string, string>()
    const queue = [...all.entries()]
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [index, recipient] = next
        const { id, cursor } = await gateway.create(recipient, index % 2 === 0)
        ids.set(recipient, id)
        if (cursor) cursors.set(recipient, cursor)
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
    // The same requests again, over GraphQL and REST: they change nothing.
    for (const recipient of all) {
      const again = await gateway.create(recipient, false)
      expect(again.id).toBe(ids.get(recipient))
      expect(again.cursor).toBe(cursors.get(recipient) ?? again.cursor)
      expect((await gateway.create(recipient, true)).id).toBe(again.id)
    }
    expect(new Set(ids.values()).size).toBe(200)
    expect(await gateway.total()).toBe(before + 200)

    const recipientOf = new Map([...ids].map(([recipient, id]) => [id, recipient]))
    const waiting = async () =>
      (await gateway.messages([...ids.values()]))
        .filter(({ status }) => status === 'QUEUED')
        .map(
          ({ id }) => `${recipientOf.get(id)}, attempt ${server.attempts(recipientOf.get(id) ?? '').length}`,
        )
    await expect.poll(waiting, { timeout: 360_000, interval: 1_000 }).toEqual([])

    const taken = (recipient: string) => server.mails.filter(({ to }) => to[0] === recipient)
    const lost = all.filter(
      recipient => !failing.includes(kindOf(recipient)) && taken(recipient).length === 0,
    )
    const double = all.filter(recipient => taken(recipient).length > 1)
    const messages = await gateway.messages([...ids.values()])
    // A mail may come twice only when the gateway was killed after it had begun and before it had kept the answer.
    const unexplained = double.filter(recipient => {
      const { sentAt } = messages.find(({ id }) => id === ids.get(recipient)) ?? {}
      const [, ...again] = taken(recipient)
      const wasCut = (copy: number) =>
        gateway.killed.some(
          ({ at }) =>
            (server.attempts(recipient)[0] ?? 0) <= at && at < copy && (!sentAt || at < Date.parse(sentAt)),
        )
      return !again.every(({ takenAt }) => wasCut(takenAt))
    })
    /** For how long a gateway ran between two times. A start takes what the machine needs for it. */
    const ranMs = (from: number, to: number) =>
      gateway.killed.reduce(
        (ms, { at, upAt }) => ms - Math.max(0, Math.min(upAt, to) - Math.max(at, from)),
        to - from,
      )
    const recoveries = gateway.killed.flatMap(({ at, recipient }) => {
      const again = server.attempts(recipient).find(time => time > at)
      return again === undefined ? [] : [ranMs(at, again) / 1_000]
    })
    const wrong: string[] = []
    for (const { id, status, failureReason } of messages) {
      const recipient = recipientOf.get(id) ?? ''
      const kind = kindOf(recipient)
      const wanted = failing.includes(kind) ? 'FAILED' : unanswered.includes(kind) ? 'UNCONFIRMED' : 'SENT'
      if (status !== wanted) wrong.push(`${recipient}: ${status} ${failureReason}`)
      const [first = 0, second] = server.attempts(recipient)
      const wasCut = gateway.killed.some(({ at }) => first <= at && at <= (second ?? 0))
      if (failing.includes(kind) && !wasCut) expect([recipient, second]).toEqual([recipient, undefined])
    }
    console.log(
      `${engine}: ${server.mails.length} mails for ${all.length} messages, killed at ${gateway.killed.map(({ recipient }) => recipient).join(', ')}; ` +
        `${lost.length} lost, ${double.length} twice (${double.join(', ')}); ` +
        `tried again after a kill when a gateway had run for at most ${Math.max(...recoveries).toFixed(0)} s`,
    )
    expect(gateway.killed).toHaveLength(5)
    expect({ lost, wrong, unexplained }).toEqual({ lost: [], wrong: [], unexplained: [] })
    expect(recoveries.length).toBeGreaterThanOrEqual(3)
    // The lease lasts 30 seconds.
    expect(Math.max(...recoveries)).toBeLessThanOrEqual(45)
    for (const recipient of all)
      expect(new Set(taken(recipient).map(({ messageId }) => messageId)).size).toBeLessThanOrEqual(1)
  },
)

test.concurrent('an attempt that takes longer than its lease is made once', async ({ expect }) => {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-lease-'))
  open.push({ close: () => rmSync(directory, { recursive: true, force: true }) })
  const server = await startMailServer({
    step: async step => {
      if (step === 'DATA taken') await after(45_000)
    },
  })
  open.push(server)
  const DATABASE_URL = await newPostgresDatabase()
  const environment = {
    DATABASE_URL,
    DATA_DIR: directory,
    DEMO: '1',
    DEMO_API_KEY: key,
    SMTP_URL: server.url,
  }
  const gateway = await startUnderFaults(environment)
  const second = await startProcess(startProgram, { ...environment, DEMO: '0' })
  open.push({ close: () => Promise.all([gateway.end(), second.end()]) })
  const { id } = await gateway.create('patient@example.com', true)
  const status = async () => (await gateway.messages([id]))[0]?.status
  await expect.poll(status, { timeout: 180_000, interval: 1_000 }).toBe('SENT')
  expect(server.attempts('patient@example.com')).toHaveLength(1)
})
