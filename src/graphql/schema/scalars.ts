import { GraphQLError } from 'graphql'
import { z } from 'zod'
import { builder } from './builder.ts'
import { utcText } from './utc-text.ts'

const instant = z.iso.datetime({ offset: true })

builder.scalarType('DateTime', {
  description:
    'An RFC 3339 time. Output is in UTC with milliseconds, e.g. 2025-03-12T14:30:00.000Z. Input may have any offset; INVALID_INPUT if it has none or is not a time.',
  serialize: utcText,
  parseValue(value) {
    const date = new Date(instant.safeParse(value).success ? String(value) : Number.NaN)
    if (Number.isNaN(date.getTime()))
      throw new GraphQLError('A DateTime looks like 2025-03-12T14:30:00.000Z.')
    return date
  },
})

builder.scalarType('EventCursor', {
  description: `A position in the workspace's event log. Pass it as \`after\` to receive every later event.
Treat it as opaque, with one guarantee: the cursors of a workspace have a fixed width and sort as byte strings in log order. It is not secret.`,
  serialize: cursor => cursor,
  parseValue(value) {
    if (typeof value !== 'string') throw new GraphQLError('An EventCursor is a string.')
    return value
  },
})
