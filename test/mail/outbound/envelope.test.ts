import { expect, test } from 'vitest'
import { newWorkspace } from '../../support/gateway.ts'
import { handIn, headerOf, mail } from '../../support/inbound.ts'
import { gatewayTo, mailServer, rowOf, send } from '../../support/outbound.ts'

test('each mail is sent from an address of its own in the domain for replies, and shows the team as its author', async () => {
  const server = await mailServer()
  const { client: caller } = await newWorkspace(
    await gatewayTo(server.url, { mailReplyDomain: 'reply.example.com' }),
  )
  const [first, second] = [await send(caller), await send(caller)]
  const senders = server.mails.map(({ from }) => from)
  expect(senders[0]).toMatch(new RegExp(`^bounce\\+${first.id}\\+[0-9a-v]{24}@reply\\.example\\.com$`))
  expect(senders[1]).toMatch(new RegExp(`^bounce\\+${second.id}\\+[0-9a-v]{24}@reply\\.example\\.com$`))
  expect(senders[0]?.split('@')[0]?.length).toBeLessThanOrEqual(64)
  expect(senders[0]?.split('+')[2]).not.toBe(senders[1]?.split('+')[2])
  expect(server.mails[0]?.to).toEqual(['jane@example.com'])
  expect(headerOf(server.mails[0]?.text ?? '', 'From')).toBe('Mail <help@acme.test>')
})

test('without a domain for replies the sender stays as it is, and no report is believed', async () => {
  const server = await mailServer()
  const gateway = await gatewayTo(server.url)
  const { id: workspaceId, client: caller } = await newWorkspace(gateway)
  const { id } = await send(caller)
  expect(server.mails[0]?.from).toBe('help@acme.test')
  const headers = {
    From: 'MAILER-DAEMON@mx.example.com',
    'Return-Path': '<>',
    'Content-Type': 'multipart/report; report-type=delivery-status; boundary=b',
  }
  const status = '--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n'
  const returned = `--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <${id}@gateway.test>\r\n--b--\r\n`
  const { status: answer } = await handIn(caller, workspaceId, mail(headers, status + returned))
  expect(answer).toBe(201)
  expect((await rowOf(gateway, id)).status).toBe('SENT')
})
