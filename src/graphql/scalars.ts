import { GraphQLError } from 'graphql'
import { z } from 'zod'
import { builder } from './builder.ts'

const instant = z.iso.datetime({ offset: true })

builder.scalarType('DateTime', {
  description:
    'RFC 3339 in UTC with milliseconds, e.g. 2025-03-12T14:30:00.000Z. As input, any offset is understood.',
  serialize: date => date.toISOString(),
  parseValue(value) {
    const date = new Date(instant.safeParse(value).success ? String(value) : Number.NaN)
    if (Number.isNaN(date.getTime()))
      throw new GraphQLError('A DateTime looks like 2025-03-12T14:30:00.000Z.')
    return date
  },
})

builder.scalarType('EventCursor', {
  description: `A position in the workspace's event log. Hand it back as \`after\` to miss nothing.
Opaque but for one promise: fixed width, and within one workspace cursors sort as byte strings in log order. Not secret.`,
  serialize: cursor => cursor,
  parseValue(value) {
    if (typeof value !== 'string') throw new GraphQLError('An EventCursor is a string.')
    return value
  },
})
