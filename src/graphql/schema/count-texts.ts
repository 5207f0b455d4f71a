import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isIntrospectionType,
  isObjectType,
} from 'graphql'
import { bytesOf, counted } from './answer-bytes.ts'
import type { Context } from './context.ts'

/** Counts every text of an answer by its bytes in JSON. Ids, times and numbers are counted with the cost. */
export function countTexts(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) && !isIntrospectionType(type)) Object.values(type.getFields()).forEach(countField)
}

function countField(field: GraphQLField<unknown, Context>): void {
  if (getNamedType(field.type).name !== 'String') return
  const resolve = field.resolve ?? defaultFieldResolver
  const isCounted = field.extensions.countsItself === true
  field.resolve = (source, args, context, info) => {
    const value: unknown = resolve(source, args, context, info)
    // A text that comes later has been counted completely.
    const before = isCounted && typeof value === 'string' ? Buffer.byteLength(value) : 0
    return counted(value, sizeOf(value) - before, context.bytes)
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return bytesOf(value)
  return Array.isArray(value) ? value.reduce((sum: number, each) => sum + bytesOf(String(each)), 0) : 0
}
