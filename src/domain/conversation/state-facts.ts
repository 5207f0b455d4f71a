import type { Facts } from '../event/record.ts'
import { countChange, sumOf } from '../workspace/counts.ts'
import type { Conversation } from './rows.ts'
import { stateEvents } from './state-events.ts'

/**
 * The facts of a change of conversations' states, with events in the order of `before`; null: no state has changed.
 * @param after the changed conversations by their ids; those that are not in it have not changed
 */
export function stateFacts(
  { actorId, at }: Pick<Facts, 'actorId' | 'at'>,
  before: readonly Conversation[],
  after: ReadonlyMap<string, Conversation>,
): Facts | null {
  const changes = before.map(each => ({ each, now: after.get(each.id) ?? each }))
  const [first, ...others] = changes.flatMap(({ each, now }) => stateEvents(each, now))
  if (!first) return null
  const counts = sumOf(changes.map(({ each, now }) => countChange(each, now)))
  return { actorId, at, events: [first, ...others], counts }
}
