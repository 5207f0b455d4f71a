import { expect } from 'vitest'
import { type Noun, nouns } from '../../src/domain/nouns.ts'
import { knownPositions } from '../support/known-positions.ts'
import { acknowledged } from '../support/live.ts'
import { textPositions } from '../support/schema-positions.ts'
import { graphRequestAt, sendOverHttp, sendOverSocket } from '../support/sending.ts'
import { strangeIds } from '../support/strange-ids.ts'
import { rowsOfAll } from '../support/two-workspaces.ts'
import { test } from '../support/walk-fixtures.ts'

const positions = textPositions()

test('every text that the schema takes is known to the walk', () => {
  expect(positions.map(({ coordinate }) => coordinate).sort()).toEqual(Object.keys(knownPositions).sort())
})

const ofIds = positions.flatMap(position => {
  const noun = knownPositions[position.coordinate]?.names ?? 'nothing'
  return noun in nouns || noun === 'any noun'
    ? [[position.coordinate, position, noun as Noun | 'any noun'] as const]
    : []
})

test.for(ofIds)(
  '%s answers every id alike that names nothing of the own workspace, and changes nothing',
  { timeout: 60_000 },
  async ([_, position, noun], { gateway, own, foreign, heardNothing }) => {
    const socket = await acknowledged(own.client)
    const before = await rowsOfAll(gateway.db, [own, foreign])
    const overHttp = new Map<string, string>()
    const overSocket = new Map<string, string>()
    for (const id of strangeIds(noun, own, foreign)) {
      const request = graphRequestAt(position, id, own)
      overHttp.set(id, await sendOverHttp(own.client, request))
      overSocket.set(id, await sendOverSocket(socket, request))
    }
    for (const answers of [overHttp, overSocket]) {
      const [first] = answers.values()
      for (const [id, answer] of answers) expect(answer, JSON.stringify(id)).toBe(first)
    }
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)

    const ownId = own.ids[noun === 'any noun' ? 'conversation' : noun]
    const request = graphRequestAt(position, ownId, own)
    expect(await sendOverHttp(own.client, request)).not.toBe([...overHttp.values()][0])
    expect(await sendOverSocket(socket, request)).not.toBe([...overSocket.values()][0])
    await heardNothing()
  },
)

test('contactByEmail finds nobody of another workspace, and nobody by what is not an address', async ({
  own,
  foreign,
}) => {
  const socket = await acknowledged(own.client)
  const position = positions.find(({ coordinate }) => coordinate === 'Query.contactByEmail(email)')
  if (!position) throw new Error('The schema has no contactByEmail.')
  const strange = ['absent@example.com', foreign.email, own.ids.contact, '', 'x', `${own.email}\0`, '%', '\0']
  for (const sendOver of [sendOverHttp.bind(null, own.client), sendOverSocket.bind(null, socket)]) {
    const answers = await Promise.all(strange.map(email => sendOver(graphRequestAt(position, email, own))))
    expect(new Set(answers).size).toBe(1)
    expect(await sendOver(graphRequestAt(position, own.email, own))).toContain(own.ids.contact)
    expect(answers[0]).toContain('{"contactByEmail":null}')
  }
})
