import { connect, createServer, type Server, type Socket } from 'node:net'

/** Connections to the mail server, of which every 4th of the first 36 fails to become TLS after it was promised. */
export async function startFront(port: number): Promise<Server & { port: number }> {
  let connections = 0
  const front = createServer(socket => {
    socket.on('error', () => socket.destroy())
    if (++connections <= 36 && connections % 4 === 0) return failTls(socket)
    const through = connect(port, '127.0.0.1').on('error', () => socket.destroy())
    socket.pipe(through).pipe(socket)
    socket.once('close', () => through.destroy())
    through.once('close', () => socket.destroy())
  })
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve))
  const address = front.address()
  return Object.assign(front, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
}

function failTls(socket: Socket): void {
  socket.write('220 mx.example.com\r\n')
  socket.on('data', chunk => {
    if (/^EHLO/i.test(String(chunk))) socket.write('250-mx.example.com\r\n250 STARTTLS\r\n')
    else if (/^STARTTLS/i.test(String(chunk))) socket.write('220 Go ahead\r\nthis is no handshake\r\n')
    else socket.destroy()
  })
}
