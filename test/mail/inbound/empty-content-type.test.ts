import { expect } from 'vitest'
import { handIn, mail, shown, test, textsOf } from '../../support/inbound.ts'

test('a part whose Content-Type is empty is an attachment without a name', async ({ acme }) => {
  const raw = mail(
    { 'Content-Type': 'multipart/mixed; boundary=b' },
    '--b\r\n\r\nHello\r\n--b\r\nContent-Type: \r\nContent-Disposition: attachment\r\n\r\n12\r\n--b--\r\n',
  )
  const { status, body } = await handIn(acme.client, acme.id, raw)
  expect(status).toBe(201)
  expect(textsOf(await shown(acme.client, body.conversation.id))).toEqual([
    'Hello\n\n[attachment: unnamed, 2 B]',
  ])
})
