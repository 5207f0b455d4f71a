import type { FastifyRequest } from 'fastify'

const forwarded = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether a request was made on this machine, to it, by nobody in between: a proxy on this machine carries requests of
 * others, and a page of another site can have its name lead here (DNS rebinding).
 */
export function isFromThisMachine({ raw, headers }: FastifyRequest): boolean {
  const address = raw.socket.remoteAddress ?? ''
  const { hostname } = URL.parse(`http://${headers.host ?? ''}`) ?? { hostname: '' }
  return (
    isLoopback(address.replace(/^::ffff:/, '')) &&
    isLoopback(hostname) &&
    !forwarded.some(name => headers[name] !== undefined)
  )
}

/** Whether an address or a name is that of this machine itself. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
