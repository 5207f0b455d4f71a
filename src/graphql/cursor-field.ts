import type { builder } from './builder.ts'

/** The field `cursor`, the same on every payload. */
export const cursorField = (
  t: PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, { cursor?: string | null }>,
) =>
  t.field({
    type: 'EventCursor',
    nullable: true,
    description: `Position of the last event this change recorded: a subscription after it shows nothing of this change (delivery outcomes come later).
Null only when nothing changed; a replay by idempotencyKey or externalId answers the first cursor. The same in every payload.`,
    resolve: ({ cursor }) => cursor,
  })
