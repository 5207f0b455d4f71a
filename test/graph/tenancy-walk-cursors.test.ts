import { expect } from 'vitest'
import { turn } from '../support/conversations.ts'
import { knownPositions } from '../support/known-positions.ts'
import { acknowledged } from '../support/live.ts'
import { textPositions } from '../support/schema-positions.ts'
import { graphRequestAt, sendOverHttp, sendOverSocket } from '../support/sending.ts'
import { rowsOfAll } from '../support/two-workspaces.ts'
import { test } from '../support/walk-fixtures.ts'

const naming = (what: string) =>
  textPositions()
    .filter(({ coordinate }) => knownPositions[coordinate]?.names === what)
    .map(position => [position.coordinate, position] as const)

test.for(naming('list'))(
  '%s refuses every cursor alike that is not of this list',
  async ([_, position], { gateway, own, foreign, heardNothing }) => {
    const socket = await acknowledged(own.client)
    const before = await rowsOfAll(gateway.db, [own, foreign])
    const strange = [
      '',
      'x',
      '\0',
      foreign.ids.conversation,
      foreign.eventCursor,
      'b3RoZXI6MTp0aGRfMQ',
      '日本',
    ]
    for (const sendOver of [sendOverHttp.bind(null, own.client), sendOverSocket.bind(null, socket)]) {
      const answers = new Set<string>()
      for (const cursor of strange) answers.add(await sendOver(graphRequestAt(position, cursor, own)))
      expect([...answers]).toEqual([expect.stringContaining('BAD_CURSOR')])
    }
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)
    await heardNothing()
  },
)

test.for(naming('event log'))(
  '%s refuses every cursor alike that is not of the own log',
  async ([_, position], { gateway, own, foreign, heardNothing }) => {
    const socket = await acknowledged(own.client)
    const before = await rowsOfAll(gateway.db, [own, foreign])
    const beyond = `${own.eventCursor.slice(0, -5)}vvvvv`
    const strange = [foreign.eventCursor, beyond, 'x', own.eventCursor.toUpperCase(), own.ids.conversation]
    const sendOver = {
      http: (cursor: string) => sendOverHttp(own.client, graphRequestAt(position, cursor, own)),
      socket: (cursor: string) => sendOverSocket(socket, graphRequestAt(position, cursor, own)),
      lastEventId: (cursor: string) =>
        sendOverHttp(own.client, graphRequestAt(position, own.eventCursor, own), { 'last-event-id': cursor }),
    }
    for (const over of Object.values(sendOver)) {
      const answers = new Set<string>()
      for (const cursor of strange) answers.add(await over(cursor))
      expect([...answers]).toEqual([expect.stringContaining('BAD_CURSOR')])
    }
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)
    await turn(own.client, own.ids.conversation, 1)
    for (const over of Object.values(sendOver))
      expect(await over(own.eventCursor)).toContain(own.ids.conversation)
    await heardNothing()
  },
)

test.for(naming('request'))(
  '%s of another workspace names nothing in the own one',
  async ([_, position], { gateway, own, foreign }) => {
    const socket = await acknowledged(own.client)
    for (const sendOver of [sendOverHttp.bind(null, own.client), sendOverSocket.bind(null, socket)]) {
      const [used, fresh] = [crypto.randomUUID(), crypto.randomUUID()]
      await sendOverHttp(foreign.client, graphRequestAt(position, used, foreign))
      const before = await rowsOfAll(gateway.db, [foreign])
      const answer = await sendOver(graphRequestAt(position, used, own))
      expect(answer).toContain('"replayed":false')
      expect(await sendOver(graphRequestAt(position, fresh, own))).toBe(answer)
      expect(await sendOver(graphRequestAt(position, used, own))).toContain('"replayed":true')
      expect(await rowsOfAll(gateway.db, [foreign])).toEqual(before)
    }
  },
)
