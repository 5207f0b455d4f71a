import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import ipaddr from 'ipaddr.js'

/** Whom requests come from, for the limits that count by address. */
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
  const isTrusted = proxyAddr.compile(trustedProxies)
  return {
    of: request => grouped(proxyAddr(request, isTrusted)),
    ofPeer: address => (isTrusted(address, 0) ? null : grouped(address)),
  }
}

/** One client usually has a /64 of IPv6 (RFC 6177), so its addresses count as one. */
function grouped(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return ''
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}
