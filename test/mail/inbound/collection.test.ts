import { expect } from 'vitest'
import { handIn, test } from '../../support/inbound.ts'
import { rawSample, samples } from '../../support/mail-samples.ts'

test("every sample mail is taken or refused as the sender's error, and none is an internal error", async ({
  acme,
}) => {
  const { client: caller, id: workspaceId } = acme
  const statuses: Record<string, number> = {}
  for (const name of samples) statuses[name] = (await handIn(caller, workspaceId, rawSample(name))).status
  const refused = Object.entries(statuses).filter(([, status]) => status !== 201)
  expect(Object.keys(statuses).length).toBeGreaterThanOrEqual(30)
  expect(refused).toEqual([
    ['46-no-from.eml', 400],
    ['49-from-empty-group.eml', 400],
  ])
})
