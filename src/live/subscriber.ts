import type { Answer } from './answer.ts'

/** The receiver of a broadcast's answers: one operation of a socket. */
export type Subscriber = {
  /** Hands over several answers in one piece, without waiting. */
  send(answers: Answer[]): void
  /**
   * Hands over one answer, when there is room for it. Resolves when it has left this process, or when it never will.
   * `make` is called again if the subscriber must wait for room.
   * @throws what `make` throws; the signal's reason when it aborts while there is no room
   */
  sendAndWait(make: () => Promise<Answer>, signal: AbortSignal): Promise<void>
  /** Whether too much waits to be sent to hand over this many more characters. */
  isFull(characters: number): boolean
  /** Called when there are no more answers, because of this error. */
  end(error: unknown): void
}
