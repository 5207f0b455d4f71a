import type { Db } from '../../src/db/db.ts'
import { type DemoRecords, insertRecords } from '../../src/demo/insert-records.ts'

/** A conversation to be written with one message each for its texts, one minute after the other. */
export type Told = {
  texts: string[]
  subject?: string
  name?: string
  email?: string
  status?: 'OPEN' | 'CLOSED' | 'ARCHIVED'
}

/** Writes conversations into an empty workspace. The id of the n-th is `thd_n`, and later ones are newer. */
export async function tellStories(db: Db, workspaceId: string, all: readonly Told[]): Promise<void> {
  const records: DemoRecords = {
    agents: [],
    channels: [],
    contacts: all.map(({ name, email }, index) => ({
      id: `ctc_${index}`,
      name: name ?? null,
      email: email ?? `somebody${index}@example.net`,
    })),
    stories: all.map(({ texts, subject, status }, index) => ({
      conversation: {
        id: `thd_${index}`,
        contact_id: `ctc_${index}`,
        channel_id: null,
        assigned_to_id: null,
        status: status ?? 'OPEN',
        source: 'EMAIL',
        subject: subject ?? null,
        is_unread: false,
      },
      messages: texts.map((text, place) => ({
        id: `msg_${index}x${place}`,
        direction: place === 2 ? 'NOTE' : 'INBOUND',
        text,
        author_id: `ctc_${index}`,
        at: new Date(Date.UTC(2025, 0, 1) + index * 600_000 + place * 60_000),
      })),
    })),
  }
  await db.transaction().execute(writer => insertRecords(writer, workspaceId, records))
}
