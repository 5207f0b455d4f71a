import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { type Noun, nouns } from '../../src/domain/nouns.ts'
import { startedWith } from '../support/fixtures.ts'
import { newConversation } from '../support/gateway.ts'
import { mail } from '../support/inbound.ts'
import { restPositionsNaming } from '../support/known-rest-positions.ts'
import { answersTo, sendOverRest, withoutNewIds } from '../support/sending-rest.ts'
import { strangeIds } from '../support/strange-ids.ts'
import { rowsOfAll } from '../support/two-workspaces.ts'
import { test as walk } from '../support/walk-fixtures.ts'

const test = startedWith(walk, {
  mailReplyDomain: 'reply.example.com',
})

test.for(restPositionsNaming('list'))(
  '%s takes a cursor of another workspace for a place in time, and refuses all alike that is no cursor of the list',
  async ([_, position], { gateway, own, foreign }) => {
    for (const { client, email } of [own, foreign]) await newConversation(client, email)
    const before = await rowsOfAll(gateway.db, [own, foreign])
    const page = { ...position, place: ['query', 'limit'] }
    const nextPage = /^link: <\?.*cursor=([^&>]+)/m
    const [ownCursor = '', foreignCursor = ''] = (
      await Promise.all([own, foreign].map(each => sendOverRest(page, '1', each)))
    ).map(answer => nextPage.exec(answer)?.[1])
    const strange = [
      '',
      'x',
      '\0',
      '日本',
      `${ownCursor}\0`,
      own.ids.conversation,
      foreign.eventCursor,
      'b3RoZXI6MTp0aGRfMQ',
    ]
    expect(await answersTo(position, strange, own)).toEqual([expect.stringContaining('"Invalid cursor."')])

    const place = Buffer.from(foreignCursor, 'base64url').toString()
    const absent = Buffer.from(place.replace(/thd_\w+$/, 'thd_absent')).toString('base64url')
    const answer = await sendOverRest(position, foreignCursor, own)
    expect(answer).toContain(own.ids.conversation)
    expect(await sendOverRest(position, absent, own)).toBe(answer)
    expect(await sendOverRest(position, ownCursor, own)).toContain(own.ids.conversation)
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(before)
  },
)

test.for(restPositionsNaming('request'))(
  '%s of another workspace or another operation replays nothing, and one that is malformed changes nothing',
  async ([_, position], { gateway, own, foreign }) => {
    const [used, elsewhere] = [randomUUID(), randomUUID()]
    await sendOverRest(position, used, foreign, 'One')
    for (const [, other] of restPositionsNaming('request'))
      if (other.operation !== position.operation) await sendOverRest(other, elsewhere, own, 'One')
    const before = await rowsOfAll(gateway.db, [foreign])
    const fresh = withoutNewIds(await sendOverRest(position, randomUUID(), own))
    expect(fresh).toMatch(/^HTTP\/1.1 201 /)
    expect(withoutNewIds(await sendOverRest(position, used, own, 'One'))).toBe(fresh)
    for (const key of [elsewhere, own.ids.conversation, foreign.ids.message])
      expect(withoutNewIds(await sendOverRest(position, key, own)), key).toBe(fresh)
    expect(await sendOverRest(position, used, own, 'One')).toContain('idempotency-replayed: true')
    expect(await sendOverRest(position, used, own, 'Two')).toMatch(/^HTTP\/1.1 422 /)
    expect(await rowsOfAll(gateway.db, [foreign])).toEqual(before)

    const all = await rowsOfAll(gateway.db, [own, foreign])
    for (const malformed of [
      ['', 'x'.repeat(256), '日本'],
      [`${used}\0`, 'fresh\0', '\0'],
    ]) {
      expect(await answersTo(position, malformed, own)).toEqual([expect.stringMatching(/^HTTP\/1.1 400 /)])
    }
    expect(await rowsOfAll(gateway.db, [own, foreign])).toEqual(all)
  },
)

const leading: [string, Noun, (id: string) => string][] = [
  ['In-Reply-To', 'message', id => `<${id}@gateway.test>`],
  ['References', 'message', id => `<x@example.com> <${id}@gateway.test>`],
  ['To', 'conversation', id => `reply+${id}@reply.example.com`],
  ['Delivered-To', 'conversation', id => `reply+${id}@reply.example.com`],
]

test.for(
  restPositionsNaming('mail').flatMap(([_, position]) => leading.map(row => [...row, position] as const)),
)(
  '%s of a mail leads to nothing of another workspace, and all alike to a new conversation',
  async ([header, noun, written, position], { gateway, own, foreign, heardNothing }) => {
    const handIn = (id: string) =>
      sendOverRest(position, mail({ Subject: randomUUID(), [header]: written(id) }), own)
    const before = await rowsOfAll(gateway.db, [foreign])
    const absent = withoutNewIds(await handIn(`${nouns[noun].prefix}_absent`))
    // What a mail's reader leaves out of a header does not make an own id strange.
    const strange = strangeIds(noun, own, foreign).filter(id => !id.includes(own.ids[noun]))
    for (const id of [...strange, ` ${foreign.ids[noun]}`, `${foreign.ids[noun]}\0`]) {
      const answer = await handIn(id)
      expect(answer, JSON.stringify(id)).not.toContain(own.ids.conversation)
      expect(withoutNewIds(answer), JSON.stringify(id)).toBe(absent)
    }
    expect(await handIn(own.ids[noun])).toContain(own.ids.conversation)
    expect(await rowsOfAll(gateway.db, [foreign])).toEqual(before)
    await heardNothing()
  },
)
