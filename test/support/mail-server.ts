import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

type Mail = { from: string; to: string[]; text: string }

/** A mail server of our own that keeps what it accepts. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      Array.fromAsync(stream).then(chunks => {
        const { mailFrom, rcptTo } = envelope
        const text = Buffer.concat(chunks as Buffer[]).toString()
        mails.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(to => to.address), text })
        done()
      }, done)
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  return {
    mails,
    url: `smtp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    close: () => new Promise<void>(resolve => server.close(() => resolve())),
  }
}
