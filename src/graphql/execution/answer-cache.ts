import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { RevisionOf } from '../../domain/workspace/revisions.ts'
import type { AnswerText } from './answer-text.ts'
import type { PlannedField } from './cost-plan.ts'
import type { Execution } from './execution.ts'
import type { PreparedOperation } from './prepare.ts'

/** Makes an answer; an `Other` has errors and is not kept. */
type Make<Other> = () => Promise<AnswerText | Other>

/**
 * Answers an execution with what is kept, or else with what `make` makes. A kept answer is not older than the last change
 * that had been committed when the execution came.
 */
export type AnswerCache = <Other extends object>(
  execution: Execution,
  make: Make<Other>,
) => Promise<AnswerText | Other>

/** The answer to a question at a revision of its workspace. */
type Kept = { revision: string; answer: AnswerText }

/** An answer that is being made, for other requests of the same key. No key waits for the turns of another. */
type Making = { revision: string; answer: Promise<object> }

/** The questions that have been asked once lately. */
const maxNoted = 10_000
/** What an entry takes beside its key and its answer, about. */
const entryBytes = 300
const maxVariablesCharacters = 2_048
/** The largest part of the cache that one answer may take. */
const maxShare = 1 / 8

/**
 * Keeps the answers to queries that come again. An answer depends on its workspace, the scopes of its key, the operation,
 * the variables and the workspace's revision, and on the actor if `viewer` is selected. That is its key.
 *
 * A query that comes for the first time is only noted: it waits for no revision, and takes little memory.
 *
 * @param maxBytes what keys and answers may take; 0: nothing is kept
 */
export function createAnswerCache(maxBytes: number, revisionOf: RevisionOf): AnswerCache {
  if (maxBytes === 0) return async (_, make) => make()
  const noted = new LRUCache<string, true>({ max: maxNoted })
  const kept = new LRUCache<string, Kept>({
    maxSize: maxBytes,
    maxEntrySize: Math.max(1, Math.floor(maxBytes * maxShare)),
    sizeCalculation: ({ answer }, key) => entryBytes + 2 * key.length + answer.bytes,
  })
  const making = new Map<string, Making>()

  async function makeFor<Other extends object>(
    { key, maker }: { key: string; maker: string },
    revision: string,
    make: Make<Other>,
  ) {
    const before = kept.peek(key)
    const answer = make()
    const entry = { revision, answer }
    making.set(maker, entry)
    try {
      const made = await answer
      // What another one has kept meanwhile may be newer.
      if ('text' in made && kept.peek(key) === before) kept.set(key, { revision, answer: bufferOf(made) })
      return made
    } finally {
      if (making.get(maker) === entry) making.delete(maker)
    }
  }

  async function answerOf<Other extends object>(
    execution: Execution,
    key: string,
    make: Make<Other>,
  ): Promise<AnswerText | Other> {
    const { workspaceId, keyId } = execution.context.actor
    const revision = await revisionOf(workspaceId)
    const found = kept.get(key)
    if (found?.revision === revision) return found.answer
    const maker = `${keyId}\n${key}`
    const others = making.get(maker)
    if (others?.revision !== revision) return makeFor({ key, maker }, revision, make)
    const shared = await others.answer.catch(() => null)
    // It has errors when its client has left. Then one of those who waited makes it.
    return shared && 'text' in shared ? (shared as AnswerText) : answerOf(execution, key, make)
  }

  return async (execution, make) => {
    const key = keyOf(execution)
    if (key === null) return make()
    if (kept.has(key)) return answerOf(execution, key, make)
    const note = hash('sha256', key)
    if (noted.has(note)) return answerOf(execution, key, make)
    noted.set(note, true)
    return make()
  }
}

/** In bytes of its own, so that its size is known and it is encoded once. */
function bufferOf({ text, bytes }: AnswerText): AnswerText {
  if (typeof text !== 'string') return { text, bytes }
  const buffer = Buffer.allocUnsafeSlow(bytes)
  buffer.write(text)
  return { text: buffer, bytes }
}

const numbers = new WeakMap<PreparedOperation, { number: number; isOfActor: boolean }>()
let lastNumber = 0

/** Preparing a document anew gives it a new number. What is kept of the old one is never found again. */
function numbered(operation: PreparedOperation) {
  const known = numbers.get(operation) ?? {
    number: ++lastNumber,
    isOfActor: operation.plan.fields.some(isOfActor),
  }
  numbers.set(operation, known)
  return known
}

const isOfActor = ({ field, children }: PlannedField): boolean =>
  field.extensions.isOfActor === true || children.some(isOfActor)

/** The values of the variables that the operation declares. Null: they are nested too deep for it. */
function textOf(operation: PreparedOperation, variables: Record<string, unknown>): string | null {
  try {
    // A variable that is not given may have a default, and is not the same as null.
    const given = operation.variables.map(({ variable }) => {
      const name = variable.name.value
      return Object.hasOwn(variables, name) ? [variables[name]] : []
    })
    return JSON.stringify(given)
  } catch {
    return null
  }
}

/** Null: the answer is not kept. */
function keyOf({ operation, variables, context, event }: Execution): string | null {
  if (operation.kind !== 'query' || event !== undefined || context.tellsCost) return null
  const { number, isOfActor } = numbered(operation)
  const given = textOf(operation, variables ?? {})
  if (given === null || given.length > maxVariablesCharacters) return null
  const { workspaceId, scopes, keyId, id } = context.actor
  const actor = isOfActor ? `${keyId} ${id}` : ''
  return [workspaceId, [...scopes].sort().join(), actor, number, given].join('\n')
}
