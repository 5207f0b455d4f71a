import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { createClientAddresses } from '../../src/http/client-address.ts'

const request = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

test('without trusted proxies a client cannot choose its address', () => {
  const { of } = createClientAddresses([])
  expect(of(request('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1')
  expect(of(request('::ffff:192.0.2.1'))).toBe('192.0.2.1')
})

test('a trusted proxy names its client, and only the part that proxies wrote is believed', () => {
  const { of, ofPeer } = createClientAddresses(['10.0.0.0/8'])
  expect(of(request('10.1.2.3', '198.51.100.7'))).toBe('198.51.100.7')
  expect(of(request('10.1.2.3', '203.0.113.9, 198.51.100.7, 10.9.9.9'))).toBe('198.51.100.7')
  expect(of(request('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1')
  expect(ofPeer('10.1.2.3')).toBeNull()
  expect(ofPeer('192.0.2.1')).toBe('192.0.2.1')
})

test('the addresses of one /64 count as one', () => {
  const { of } = createClientAddresses([])
  expect(of(request('2001:db8:1:2::1'))).toBe(of(request('2001:db8:1:2:ffff::9')))
  expect(of(request('2001:db8:1:2::1'))).not.toBe(of(request('2001:db8:1:3::1')))
})

test('what a proxy names is an address with or without a port, else the proxy itself counts', () => {
  const { of } = createClientAddresses(['10.0.0.0/8'])
  expect(of(request('10.1.2.3', '198.51.100.7:4711'))).toBe('198.51.100.7')
  expect(of(request('10.1.2.3', '198.51.100.7, 10.9.9.9:4711'))).toBe('198.51.100.7')
  expect(of(request('10.1.2.3', '[2001:db8:1:2::1]:443'))).toBe(of(request('2001:db8:1:2::9')))
  expect(of(request('10.1.2.3', '[2001:db8:1:2::1]'))).toBe(of(request('2001:db8:1:2::9')))
  for (const unknown of ['unknown', '_hidden', ''])
    expect(of(request('10.1.2.3', unknown)), unknown).toBe('10.1.2.3')
})
