import { expect, test } from 'vitest'
import { newWorkspace } from '../../support/gateway.ts'
import { gatewayTo, hurry, mailServer, reaches, send } from '../../support/outbound.ts'

test("a workspace with a long queue and a mail server that hangs does not delay another's mail", async () => {
  let hanging = 0
  const server = await mailServer({
    play: recipient => (recipient.startsWith('slow') ? { at: 'RCPT TO', answer: 'hang' } : null),
    step: (step, recipient) => void (step === 'RCPT TO' && recipient.startsWith('slow') && hanging++),
  })
  const gateway = await gatewayTo(server.url)
  const [busy, other] = [await newWorkspace(gateway), await newWorkspace(gateway)]
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => send(busy.client, { email: `slow${index}@example.com` })),
  )
  await gateway.db
    .updateTable('message')
    .set({ next_attempt_at: new Date(0) })
    .where('workspace_id', '=', busy.id)
    .where('leased_until', 'is', null)
    .execute()
  await expect.poll(() => hanging).toBe(15)
  const direct = await send(other.client)
  await reaches(gateway, direct.id, 'SENT')
  // As one that the sweep must find.
  await gateway.db.updateTable('message').set({ status: 'QUEUED' }).where('id', '=', direct.id).execute()
  await hurry(gateway, direct.id)
  await reaches(gateway, direct.id, 'SENT')
  expect(hanging).toBe(15)
})
