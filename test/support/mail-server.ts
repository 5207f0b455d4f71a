import type { Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'

/** A mail that the server has taken, and when, in milliseconds since 1970. */
type Mail = {
  from: string
  to: string[]
  text: string
  messageId: string
  takenAt: number
}

/** What the server does with a mail: at a step it answers with a code, or breaks the connection off. */
export type Play = {
  at: 'MAIL FROM' | 'RCPT TO' | 'DATA'
  /** The code of its refusal; `drop`: it breaks the connection off; `hang`: it sends nothing any more. */
  answer: number | 'drop' | 'hang'
}

/** The moments of a mail's way in; at the first two the recipient is not known yet, and is ''. */
export type Step = 'connect' | 'MAIL FROM' | 'RCPT TO' | 'DATA begins' | 'DATA taken' | 'answered'

type Options = SMTPServerOptions & {
  /** Has it misbehave, by recipient and attempt, counted from 1. */
  play?: (recipient: string, attempt: number) => Play | null
  /** Called at each step, and waited for before it goes on. */
  step?: (step: Step, recipient: string, attempt: number) => Promise<void> | void
}

export type MailServer = Awaited<ReturnType<typeof startMailServer>>

/** A mail server of our own that keeps what it takes. */
export async function startMailServer(options: Options = {}) {
  const { play = () => null, step = () => {}, ...others } = options
  const mails: Mail[] = []
  const attempts = new Map<string, number[]>()
  const sockets = new Map<number, Socket>()
  const attemptOf = (recipient: string) => attempts.get(recipient)?.length ?? 1

  async function act(
    session: SMTPServerSession,
    at: Play['at'],
    recipient: string,
    done: (error?: Error) => void,
  ) {
    const played = play(recipient, attemptOf(recipient))
    const answer = played?.at === at ? played.answer : null
    if (answer === 'drop') sockets.get(session.remotePort)?.destroy()
    else if (answer === null) done()
    else if (answer !== 'hang')
      done(Object.assign(new Error('It does not want it'), { responseCode: answer }))
  }

  async function take(
    stream: AsyncIterable<unknown>,
    session: SMTPServerSession,
    done: (error?: Error) => void,
  ) {
    const { mailFrom, rcptTo } = session.envelope
    const to = rcptTo.map(({ address }) => address)
    const [recipient = ''] = to
    const attempt = attemptOf(recipient)
    await step('DATA begins', recipient, attempt)
    const text = Buffer.concat((await Array.fromAsync(stream)) as Buffer[]).toString()
    const messageId = /^Message-ID: (.*)$/m.exec(text)?.[1]?.trim() ?? ''
    const played = play(recipient, attempt)
    const from = mailFrom ? mailFrom.address : ''
    const mail: Mail = { from, to, text, messageId, takenAt: Date.now() }
    // One that it refuses it does not have; one whose client it does not tell, it has.
    if (played?.at !== 'DATA' || typeof played.answer === 'string') mails.push(mail)
    await step('DATA taken', recipient, attempt)
    await act(session, 'DATA', recipient, done)
    await step('answered', recipient, attempt)
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect: (_session, done) => void Promise.resolve(step('connect', '', 1)).then(() => done(), done),
    async onMailFrom(_address, session, done) {
      await step('MAIL FROM', '', 1)
      await act(session, 'MAIL FROM', '', done)
    },
    async onRcptTo({ address }, session, done) {
      attempts.set(address, [...(attempts.get(address) ?? []), Date.now()])
      await step('RCPT TO', address, attemptOf(address))
      await act(session, 'RCPT TO', address, done)
    },
    onData: (stream, session, done) => void take(stream, session, done).catch(done),
    ...others,
  })
  server.on('error', () => {})
  server.server.on('connection', (socket: Socket) => {
    const { remotePort = 0 } = socket
    sockets.set(remotePort, socket)
    socket.once('close', () => sockets.delete(remotePort))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    mails,
    port,
    url: `smtp://127.0.0.1:${port}`,
    /** When this recipient was tried. */
    attempts: (recipient: string): readonly number[] => attempts.get(recipient) ?? [],
    close() {
      for (const socket of sockets.values()) socket.destroy()
      return new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}
