import type { Scope } from '../../domain/operation.ts'

/** The arguments of a field, or the variables of an operation, by their names. */
export type Arguments = Readonly<Record<string, unknown>>

/** The field above another one. */
export type FieldAbove = { args: Arguments; isAtRoot: boolean }

declare module 'graphql' {
  // biome-ignore lint/suspicious/noExplicitAny: an interface is merged only with the same type parameters
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs = any> {
    /**
     * What the field costs, its subfields aside. The default is 1 for an object and 0 for everything else.
     */
    weight?: number | ((args: Arguments, above: FieldAbove) => number)
    /** Whether the field counts its text by itself: by the bytes in UTF-8 if it has it at once, otherwise completely. */
    countsItself?: true
    /** Whether it is made of columns that are only read where an operation selects such a field. */
    needsWholeRow?: true
    /** The scope that a key needs for it, beside or instead of that of its operation. */
    scope?: Scope
    /** Whether its value depends on who asks. */
    isOfActor?: true
    /** How many values a list has at most. */
    length?: (args: Arguments, above: FieldAbove) => number
  }
}

/** A statement that no index serves may read a whole workspace. A few of them fill the limit of an operation. */
export const unindexedWeight = 3_000
/** The same for one parent of a nested list. */
export const unindexedNestedWeight = 300
/** Counting what matches, up to 10,000, where an index serves the count. */
export const countedWeight = 10
/** The same where none does: it is given up after 0.3 s. */
export const unindexedCountWeight = 500
/** A walk along a list, and looking up words that may be common. */
export const searchWeight = 300
/** A transaction with its events. */
export const changeWeight = 10
/** A selection of the schema's own types. The introspection query of common tools selects about 70 of them. */
export const introspectionWeight = 20
