import { expect, test } from 'vitest'
import { demoWorkspaceId, startKillable } from '../support/killable.ts'
import { pause } from '../support/resuming-clients.ts'
import { startTraffic } from '../support/traffic.ts'

/** `KILLS=30` is what the table of faults tells of. */
const kills = Number(process.env.KILLS ?? 2)

test.for(['postgres', 'embedded'] as const)(
  `a gateway that is killed ${kills} times under writers and subscribers loses nothing, on the %s database`,
  { timeout: (kills + 5) * 60_000 },
  async (engine, { annotate }) => {
    const gateway = await startKillable(engine)
    const traffic = await startTraffic(gateway.client, {
      workspaceId: demoWorkspaceId,
      agentId: 'agt_abc123',
    })
    const readyMs: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      await traffic.flows()
      await pause(Math.random() * 500)
      await gateway.end()
      readyMs.push(await gateway.start())
    }
    await traffic.flows()
    await traffic.settle()
    traffic.expectAnswered({ cut: true })
    expect(await gateway.end('SIGTERM')).toBe(0)
    const acknowledged = await traffic.expectNothingLost(await gateway.openDatabase())
    expect(acknowledged).toBeGreaterThan(kills * 20)
    readyMs.sort((a, b) => a - b)
    const cut = traffic.answers.filter(({ status }) => status === 0).length
    await annotate(
      `${acknowledged} acknowledged changes, ${cut} requests cut; ready again after ${readyMs[readyMs.length >> 1]} ms (median), ${readyMs.at(-1)} ms at most`,
    )
  },
)
