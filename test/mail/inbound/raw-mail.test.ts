import { zstdDecompressSync } from 'node:zlib'
import { expect } from 'vitest'
import type { Db } from '../../../src/db/db.ts'
import { deleteOldRawMails } from '../../../src/domain/message/raw-mail.ts'
import { newWorkspace, startGateway } from '../../support/gateway.ts'
import { handIn, mail, test } from '../../support/inbound.ts'

const withAttachment = [
  'From: Jane Doe <jane@example.com>',
  'To: help@acme.test',
  'Subject: The picture',
  'Message-ID: <picture@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="b"',
  '',
  '--b',
  'Content-Type: text/html',
  '',
  '<p>See the <b>picture</b></p>',
  '--b',
  'Content-Type: application/octet-stream',
  'Content-Disposition: attachment; filename="bytes.bin"',
  'Content-Transfer-Encoding: 8bit',
  '',
  'ÿþ 8-bit',
  '--b--',
].join('\r\n')

const keptOf = (db: Db, workspaceId: string) =>
  db.selectFrom('raw_mail').selectAll().where('workspace_id', '=', workspaceId).execute()

test('a mail is kept as it arrived, once, until it is old', async ({ gateway, acme }) => {
  const raw = Buffer.from(withAttachment, 'latin1')
  const first = await handIn(acme.client, acme.id, raw)
  expect(first.status).toBe(201)
  expect((await handIn(acme.client, acme.id, raw)).body.message).toEqual(first.body.message)
  const [kept, ...others] = await keptOf(gateway.db, acme.id)
  expect(others).toEqual([])
  expect(kept?.message_id).toBe(first.body.message.id)
  expect(zstdDecompressSync(kept?.content ?? Buffer.alloc(0)).equals(raw)).toBe(true)

  expect(await deleteOldRawMails(gateway.db, 90)).toBe(0)
  const old = new Date(Date.now() - 91 * 24 * 60 * 60 * 1_000)
  await gateway.db
    .updateTable('raw_mail')
    .set({ received_at: old })
    .where('workspace_id', '=', acme.id)
    .execute()
  expect(await deleteOldRawMails(gateway.db, 90)).toBe(1)
  expect(await keptOf(gateway.db, acme.id)).toEqual([])
})

test('no mail is kept if none is wanted', async ({ onTestFinished }) => {
  const gateway = await startGateway({ mailKeepDays: 0 })
  onTestFinished(gateway.close)
  const acme = await newWorkspace(gateway)
  expect((await handIn(acme.client, acme.id, mail({}))).status).toBe(201)
  expect(await keptOf(gateway.db, acme.id)).toEqual([])
})
