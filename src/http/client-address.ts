import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import proxyAddr from '@fastify/proxy-addr'
import ipaddr from 'ipaddr.js'

/** The addresses of clients, for the limits that count by address. */
export type ClientAddresses = {
  /** The address of a request's client: of its connection, or as the trusted proxies in front name it. */
  of(request: IncomingMessage): string
  /** The address of a connection; null: it is a trusted proxy, which has the connections of many clients. */
  ofPeer(remoteAddress: string): string | null
}

/**
 * @param trustedProxies addresses and ranges such as `10.0.0.0/8`, whose header `X-Forwarded-For` is believed
 * @throws Error for an invalid address
 */
export function createClientAddresses(trustedProxies: string[]): ClientAddresses {
  const isTrustedAddress = proxyAddr.compile(trustedProxies)
  const isTrusted = (address: string, hops: number) => isTrustedAddress(withoutPort(address), hops)
  const ofSockets = new WeakMap<Socket, string>()

  /** Without a proxy it stays the same for all requests of a connection. */
  function ofSocket(socket: Socket): string {
    const address = ofSockets.get(socket) ?? grouped(socket.remoteAddress) ?? ''
    ofSockets.set(socket, address)
    return address
  }

  return {
    // What a proxy names that is no address, such as `unknown`, is not believed: the proxy itself counts then.
    of: request =>
      (trustedProxies.length > 0 ? grouped(proxyAddr(request, isTrusted)) : null) ?? ofSocket(request.socket),
    ofPeer: address => (isTrusted(address, 0) ? null : (grouped(address) ?? '')),
  }
}

/** Some proxies add the client's port: `192.0.2.1:80`, `[2001:db8::1]:80` (RFC 7239, section 6). */
const withoutPort = (address: string) =>
  address.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')

/** One client usually has a /64 of IPv6 (RFC 6177), so its addresses count as one. Null: it is no address. */
function grouped(address: string | undefined): string | null {
  const bare = withoutPort(address ?? '')
  if (!ipaddr.isValid(bare)) return null
  const parsed = ipaddr.process(bare)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  const network = parsed.parts.slice(0, 4).map(part => part.toString(16))
  return `${network.join(':')}::/64`
}
