import type { Event } from '../domain/event.ts'
import { createAnswerMemory } from './answers.ts'
import type { Feeds } from './feeds.ts'
import { createQuestion, type Question, type QuestionOptions } from './question.ts'

/** The questions that are being asked in this process, each once. */
export type Questions = {
  /**
   * The question behind a key: whoever comes with the same key in the same workspace shares it, and its answers, until
   * the last one has called `release`. `execute` is the first one's.
   */
  ask(
    workspaceId: string,
    key: string,
    execute: (event: Event) => Promise<string>,
  ): { question: Question; release(): void }
  /** How many subscribers there are. */
  subscribers(): number
}

type Asked = { question: Question; users: number }

/** Questions over the logs of these feeds. */
export function createQuestions(feeds: Feeds): Questions {
  const asked = new Map<string, Asked>()
  const memory = createAnswerMemory()
  return {
    ask(workspaceId, key, execute) {
      const id = `${workspaceId} ${key}`
      const followFrom: QuestionOptions['followFrom'] = (seq, filter) =>
        feeds.followFrom(workspaceId, seq, filter)
      const open = () => createQuestion({ execute, followFrom, answers: memory.answers() })
      const entry = asked.get(id) ?? { question: open(), users: 0 }
      asked.set(id, entry)
      entry.users++
      let released = false
      return {
        question: entry.question,
        release() {
          if (released) return
          released = true
          entry.users--
          if (entry.users === 0 && asked.get(id) === entry) asked.delete(id)
        },
      }
    },
    subscribers: () => [...asked.values()].reduce((sum, { users }) => sum + users, 0),
  }
}
