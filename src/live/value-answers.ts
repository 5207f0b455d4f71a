import type { Answer } from './answer.ts'

/**
 * Answers values of a source other than the log, for as long as somebody holds the value. Those who ask for the same
 * value share its answer. An answer that fails is not kept.
 */
export function createValueAnswers(
  execute: (value: object) => Promise<string>,
): (value: object) => Promise<Answer> {
  const answers = new WeakMap<object, Promise<Answer>>()
  return value => {
    const known = answers.get(value)
    if (known) return known
    const answer = execute(value).then(text => ({ text, cursor: null }))
    answers.set(value, answer)
    answer.catch(() => answers.delete(value))
    return answer
  }
}
