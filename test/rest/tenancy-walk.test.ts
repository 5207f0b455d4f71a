import { expect } from 'vitest'
import { type Noun, nouns } from '../../src/domain/nouns.ts'
import { startedWith } from '../support/fixtures.ts'
import { coordinateOf, knownRestPositions, restPositionsNaming } from '../support/known-rest-positions.ts'
import { documentedPositions } from '../support/openapi-positions.ts'
import { answersTo, sendOverRest, withoutNewIds } from '../support/sending-rest.ts'
import { strangeIds } from '../support/strange-ids.ts'
import { rowsOfAll } from '../support/two-workspaces.ts'
import { test as walk } from '../support/walk-fixtures.ts'

const test = startedWith(walk, {
  limits: { maxFailedAuthenticationsPerMinute: 1_000 },
})

// So the walk goes to every position of the document.
test('every value that the OpenAPI document takes is known to the walk', async ({ gateway }) => {
  const documented = (await documentedPositions(gateway.url)).map(coordinateOf)
  expect(documented.sort()).toEqual(knownRestPositions.map(([coordinate]) => coordinate).sort())
})

test.for(restPositionsNaming(...Object.keys(nouns)))(
  '%s answers every id alike that names nothing of the own workspace, and changes nothing',
  async ([_, position, names], { gateway, own, foreign, heardNothing }) => {
    const noun = names as Noun
    const before = await rowsOfAll(gateway.db, [own, foreign])
    const absent = await sendOverRest(position, `${nouns[noun].prefix}_absent`, own)
    expect(absent).toContain(
      `{"statusCode":404,"error":"Not Found","message":"${nouns[noun].label} not found."}`,
    )
    for (const id of strangeIds(noun, own, foreign))
      expect(await sendOverRest(position, id, own), JSON.stringify(id)).toBe(absent)
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)
    expect(await sendOverRest(position, own.ids[noun], own)).toMatch(/^HTTP\/1.1 20[01] /)
    await heardNothing()
  },
)

test.for(restPositionsNaming('address'))(
  '%s of another workspace is a new one here, and what is not an address is refused alike',
  async ([_, position], { gateway, own, foreign, heardNothing }) => {
    const before = await rowsOfAll(gateway.db, [own, foreign])
    for (const strange of [
      ['', 'x', '%', own.ids.contact, foreign.ids.contact],
      ['\0', `${own.email}\0`, `${foreign.email}\0`, 'absent@example.com\0'],
    ])
      expect(await answersTo(position, strange, own)).toEqual([expect.stringMatching(/^HTTP\/1.1 400 /)])
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)
    const ofForeign = await rowsOfAll(gateway.db, [foreign])
    const answer = await sendOverRest(position, foreign.email, own)
    expect(answer).not.toContain(foreign.ids.contact)
    expect(withoutNewIds(await sendOverRest(position, 'absent@example.com', own))).toBe(withoutNewIds(answer))
    expect(await sendOverRest(position, own.email, own)).toContain(own.ids.contact)
    expect(await rowsOfAll(gateway.db, [foreign])).toEqual(ofForeign)
    await heardNothing()
  },
)

test.for(restPositionsNaming('key'))(
  '%s of another workspace finds this workspace as little as an absent one, and what is no key is refused alike',
  async ([_, position], { gateway, own, foreign, heardNothing }) => {
    const before = await rowsOfAll(gateway.db, [own, foreign])
    const { key } = own.client
    for (const strange of [
      ['cgw_absent', '', 'x', '日本', own.ids.apiKey, own.ids.workspace, key.toUpperCase(), `${key}x`],
      [`${key}\0`, 'cgw_absent\0', '\0'],
    ]) {
      expect(await answersTo(position, strange, own)).toEqual([expect.stringMatching(/^HTTP\/1.1 40[01] /)])
    }
    const absent = await sendOverRest({ ...position, place: ['path', 'workspaceId'] }, 'wrk_absent', own)
    expect(await sendOverRest(position, foreign.client.key, own)).toBe(absent)
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)
    expect(await sendOverRest(position, key, own)).toMatch(/^HTTP\/1.1 20[01] /)
    await heardNothing()
  },
)
