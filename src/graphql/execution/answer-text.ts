import type { ExecutionResult } from 'graphql'
import type { Limits } from '../../domain/limits.ts'
import { requireAnswerBytes } from './cost.ts'

/** A result without errors in JSON; a kept one is in bytes already. */
export type AnswerText = { text: string | Buffer; bytes: number }

/** @throws Refusal LIMIT_EXCEEDED */
export function textOf(result: ExecutionResult, limits: Pick<Limits, 'maxAnswerBytes'>): AnswerText {
  const text = JSON.stringify(result)
  const bytes = Buffer.byteLength(text)
  requireAnswerBytes(bytes, limits)
  return { text, bytes }
}
